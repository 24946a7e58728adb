package belle.export.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The reference checkpoints' tokenizers. */
final class TokenizerFilesFixtureTest {
    @ParameterizedTest
    @ValueSource(strings = {"llama-tiny", "llama-tiny-gqa"})
    void convertsSentencePieceLikeTheReference(String name) {
        TokenizerFiles files = TokenizerFiles.read(fixture(name));
        Path expectedFile = fixture("llama-tiny").resolve("expected/tokenizer.json");
        JsonNode expected = SourceText.object(expectedFile, SourceText.text(expectedFile));
        JsonNode json = SourceText.object(Path.of("converted"), files.json());

        expected.fieldNames().forEachRemaining(field -> {
            if (!field.equals("model")) {
                assertThat(json.get(field)).as(field).isEqualTo(expected.get(field));
            }
        });
        expected.get("model")
                .fieldNames()
                .forEachRemaining(field -> assertThat(json.get("model").get(field))
                        .as(field)
                        .isEqualTo(expected.get("model").get(field)));
        assertThat(json).isEqualTo(expected);
        assertThat(files.tokens()).isEqualTo(2000);
        assertThat(files.bosIds()).containsExactly(1);
        assertThat(files.eosIds()).containsExactly(2);
        assertThat(files.source()).isEqualTo("tokenizer.model");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bloom-tiny", "bloom-tiny-fp32"})
    void takesAByteLevelTokenizerAsItIs(String name) {
        TokenizerFiles files = TokenizerFiles.read(fixture(name));
        assertThat(files.json()).isEqualTo(SourceText.text(fixture(name).resolve("tokenizer.json")));
        assertThat(files.tokens()).isEqualTo(2500);
        assertThat(files.bosIds()).isEmpty();
        assertThat(files.eosIds()).containsExactly(2);
    }

    @Test
    void takesAConvertedTokenizerAgain() {
        Path file = fixture("llama-tiny").resolve("expected/tokenizer.json");
        CheckedJson json = CheckedJson.read(file, TokenizerConfig.read(fixture("llama-tiny")));
        assertThat(json.text()).isEqualTo(SourceText.text(file));
        assertThat(json.idsBefore()).containsExactly(1);
    }

    private static Path fixture(String name) {
        String shared = System.getenv("BELLE_SHARED");
        Path root = shared != null ? Path.of(shared) : Path.of(System.getProperty("belle.root"), "..", "shared");
        Path path = root.resolve("fixtures").resolve(name);
        assumeTrue(Files.exists(path), "skipped: no reference fixture " + path);
        return path;
    }
}
