package belle.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every reference case of tokenization and decoding. */
final class TokenizerFixtureTest {
    @ParameterizedTest
    @CsvSource({
        "bloom-tiny/tokenizer.json, bloom-tiny",
        "bloom-tiny-fp32/tokenizer.json, bloom-tiny",
        "llama-tiny/expected/tokenizer.json, llama-tiny"
    })
    void encodesAndDecodesLikeTheReference(String file, String model) {
        List<JsonNode> cases = Fixtures.lines(model + "/expected/tokenization.jsonl");
        try (Tokenizer tokenizer = Tokenizer.open(Fixtures.path(file))) {
            for (JsonNode row : cases) {
                String text = row.get("text").textValue();
                assertThat(tokenizer.encode(text))
                        .as("plain: %s", row)
                        .isEqualTo(Fixtures.tokens(row.get("ids_plain")));
                assertThat(tokenizer.encodeWithSpecials(text))
                        .as("with specials: %s", row)
                        .isEqualTo(Fixtures.tokens(row.get("ids")));
                assertThat(tokenizer.decode(Fixtures.tokens(row.get("ids_plain"))))
                        .as("decoded: %s", row)
                        .isEqualTo(row.get("decoded").textValue());
            }
        }
        assertThat(cases).hasSizeGreaterThan(200);
    }

    @ParameterizedTest
    @CsvSource({
        "bloom-tiny/tokenizer.json, bloom-tiny, text_skip_special",
        "llama-tiny/expected/tokenizer.json, llama-tiny, text_sentencepiece"
    })
    void decodesIdsThatNoTextGives(String file, String model, String field) {
        List<JsonNode> cases = Fixtures.lines(model + "/expected/decode.jsonl");
        try (Tokenizer tokenizer = Tokenizer.open(Fixtures.path(file))) {
            for (JsonNode row : cases) {
                assertThat(tokenizer.decode(Fixtures.tokens(row.get("ids"))))
                        .as("%s", row)
                        .isEqualTo(row.get(field).textValue());
            }
        }
        assertThat(cases).hasSizeGreaterThan(40);
    }
}
