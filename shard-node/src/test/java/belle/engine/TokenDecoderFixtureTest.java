package belle.engine;

import static org.assertj.core.api.Assertions.assertThat;

import belle.text.Fixtures;
import belle.text.Tokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What may be shown after each id, for every reference stream. */
final class TokenDecoderFixtureTest {
    @ParameterizedTest
    @CsvSource({"bloom-tiny, bloom-tiny/tokenizer.json", "llama-tiny, llama-tiny/expected/tokenizer.json"})
    void neverShowsHalfACharacter(String model, String file) {
        List<JsonNode> rows = Fixtures.lines(model + "/expected/streaming.jsonl");
        try (Tokenizer tokenizer = Tokenizer.open(Fixtures.path(file))) {
            for (JsonNode row : rows) {
                TokenDecoder decoder = new TokenDecoder(
                        tokenizer.vocabulary(), row.get("kind").textValue().equals("text"));
                String shown = "";
                for (int i = 0; i < row.get("ids").size(); i++) {
                    shown += decoder.next(row.get("ids").get(i).intValue());
                    assertThat(shown)
                            .as("after id %s of %s", i, row)
                            .isEqualTo(row.get("emitted").get(i).textValue());
                }
                int pending = row.path("pending_bytes").intValue();
                assertThat(decoder.finish())
                        .hasSize(tokenizer.vocabulary().replacesEachByte() ? pending : Math.min(1, pending));
            }
        }
        assertThat(rows).hasSizeGreaterThan(30);
    }

    @ParameterizedTest
    @CsvSource({"bloom-tiny, bloom-tiny/tokenizer.json", "llama-tiny, llama-tiny/expected/tokenizer.json"})
    void givesTheReferenceTextOfGreedyIds(String model, String file) {
        List<JsonNode> rows = Fixtures.lines(model + "/expected/greedy.jsonl");
        try (Tokenizer tokenizer = Tokenizer.open(Fixtures.path(file))) {
            for (JsonNode row : rows) {
                TokenDecoder decoder = new TokenDecoder(tokenizer.vocabulary(), false);
                StringBuilder text = new StringBuilder();
                row.get("greedy_ids").forEach(id -> text.append(decoder.next(id.intValue())));
                text.append(decoder.finish());
                String expected = row.get("text").textValue();
                // The reference text was decoded in one go: a cut character at its end is one mark, whatever the kind.
                assertThat(text.toString().replaceAll("\uFFFD+", "\uFFFD"))
                        .as("%s", row)
                        .isEqualTo(expected.replaceAll("\uFFFD+", "\uFFFD"));
            }
        }
    }
}
