package belle.export.tokenizer;

import static belle.export.tokenizer.TinyModel.BYTE;
import static belle.export.tokenizer.TinyModel.CONTROL;
import static belle.export.tokenizer.TinyModel.NORMAL;
import static belle.export.tokenizer.TinyModel.UNKNOWN;
import static belle.export.tokenizer.TinyModel.UNUSED;
import static belle.export.tokenizer.TinyModel.USER_DEFINED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import belle.proto.FailureException;
import belle.proto.bundle.PromptTemplates;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Small tokenizers, whole and broken. */
final class TokenizerFilesTest {
    private static final String BYTE_LEVEL = """
            {"added_tokens": [{"id": 0, "content": "</s>", "special": true}],
             "decoder": {"type": "ByteLevel"},
             "model": {"type": "BPE", "vocab": {"</s>": 0, "a": 1, "b": 2, "ab": 3}, "merges": ["a b"]}}
            """;

    @TempDir
    private Path folder;

    @Test
    void mergesAreRankedByScoreThenByTheLongerLeftHalf() throws IOException {
        JsonNode json = json(read(TinyModel.llama()));
        List<String> merges = new ArrayList<>();
        json.path("model")
                .path("merges")
                .forEach(m -> merges.add(m.get(0).textValue() + "+" + m.get(1).textValue()));
        assertThat(merges).containsExactly("▁+a", "a+b", "▁a+b", "▁+ab", "ab+a");
    }

    @Test
    void specialPiecesNeverComeOutOfAMerge() throws IOException {
        // "<" and "s>" are pieces, and "<s>" is a control piece: plain text must not become it.
        assertThat(json(read(TinyModel.llama())).path("model").path("merges").toString())
                .doesNotContain("s>");
    }

    @Test
    void addedTokensFollowThePieces() throws IOException {
        write("added_tokens.json", "{\"[PAD]\": 268, \"<word>\": 269}");
        write("special_tokens_map.json", "{\"pad_token\": \"[PAD]\", \"eos_token\": {\"content\": \"</s>\"}}");
        write(
                "tokenizer_config.json",
                "{\"added_tokens_decoder\": {\"269\": {\"content\": \"<word>\", \"lstrip\": true}}, \"bos_token\": \"\"}");
        TokenizerFiles files = read(TinyModel.llama());
        assertThat(files.tokens()).isEqualTo(270);
        assertThat(files.bosIds()).containsExactly(1);
        assertThat(files.eosIds()).containsExactly(2);
        assertThat(files.specialTokens()).containsExactlyInAnyOrder("<unk>", "<s>", "</s>", "[PAD]");
        JsonNode word = json(files).path("added_tokens").get(4);
        assertThat(word.path("content").textValue()).isEqualTo("<word>");
        assertThat(word.path("special").booleanValue()).isFalse();
        assertThat(word.path("lstrip").booleanValue()).isTrue();
    }

    @Test
    void aTokenizerThatAddsNoBosSaysSo() throws IOException {
        write("tokenizer_config.json", "{\"add_bos_token\": false}");
        TokenizerFiles files = read(TinyModel.llama());
        assertThat(files.bosIds()).isEmpty();
        assertThat(json(files).path("post_processor").isNull()).isTrue();
    }

    @Test
    void withoutADummyPrefixNothingIsPrependedOrStripped() throws IOException {
        String json = read(TinyModel.llama().normalizer(3, 0)).json();
        assertThat(json).doesNotContain("Prepend").doesNotContain("Strip");
    }

    static Stream<Arguments> brokenModels() {
        return Stream.of(
                broken("pieces: are missing", new TinyModel().trainer(3, 2)),
                broken("trainer_spec.model_type: is 1", TinyModel.llama().trainer(3, 1)),
                broken(
                        "trainer_spec.model_type: is 4294967298",
                        TinyModel.llama().trainer(3, (1L << 32) + 2)),
                broken(
                        "pieces[268].piece: 'ab' is also pieces[260]",
                        TinyModel.llama().piece("ab", 0, NORMAL)),
                broken("pieces[268].piece: is empty", TinyModel.llama().piece("", 0, NORMAL)),
                broken("pieces[268].piece: is not UTF-8", TinyModel.llama().piece(new byte[] {(byte) 0xC0}, 0, NORMAL)),
                broken("pieces[268].piece: has 5000 bytes", TinyModel.llama().piece("x".repeat(5000), 0, NORMAL)),
                broken("pieces[268].score: is NaN", TinyModel.llama().piece("x", Float.NaN, NORMAL)),
                broken("pieces[268].type: is 7", TinyModel.llama().piece("x", 0, 7)),
                broken("pieces[268].type: is unused", TinyModel.llama().piece("x", 0, UNUSED)),
                broken(
                        "pieces[268].type: is a second unknown",
                        TinyModel.llama().piece("x", 0, UNKNOWN)),
                broken("is no byte piece's name", TinyModel.llama().piece("<0xZZ>", 0, BYTE)),
                broken(
                        "pieces: hold no unknown piece",
                        new TinyModel().trainer(3, 2).normalizer(4, 0).piece("a", 0, NORMAL)),
                broken(
                        "byte_fallback: is false, but there are 256",
                        TinyModel.llama().trainer(35, 0)),
                broken("treat_whitespace_as_suffix", TinyModel.llama().trainer(24, 1)),
                broken("remove_extra_whitespaces", TinyModel.llama().normalizer(4, 1)),
                broken("escape_whitespaces", TinyModel.llama().normalizer(5, 0)),
                broken("precompiled_charsmap: has 9 bytes", TinyModel.llama().characterMap(new byte[9])),
                broken("pieces[268]: has wire type 0", TinyModel.llama().raw(1, 5)),
                broken(
                        "trainer_spec.model_type: has wire type 2",
                        TinyModel.llama().trainerText(3, "bpe")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("brokenModels")
    void aBrokenModelIsRefusedByName(String message, TinyModel model) {
        assertThatThrownBy(() -> read(model))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("tokenizer.model: ")
                .hasMessageContaining(message);
    }

    @Test
    void aModelCutAnywhereIsRefusedOrWhole() throws IOException {
        byte[] whole = TinyModel.llama().bytes();
        for (int length = 0; length < whole.length; length += 7) {
            write("tokenizer.model", Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> TokenizerFiles.read(folder)).isInstanceOf(FailureException.class);
        }
    }

    @Test
    void randomDamageNeverEndsInAnythingButARefusal() throws IOException {
        byte[] whole = TinyModel.llama().bytes();
        for (long seed = 0; seed < 300; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            byte[] damaged = whole.clone();
            for (int i = random.nextInt(1, 6); i > 0; i--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            write("tokenizer.model", damaged);
            try {
                assertThat(TokenizerFiles.read(folder).tokens()).isPositive();
            } catch (FailureException e) {
                assertThat(e.getMessage()).as("seed %s", seed).contains("tokenizer.model: ");
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "added_tokens.json | {\"x\": 300} | 'x' has id 300 where 268 is the next free one",
                "added_tokens.json | {\"x\": 5} | id 5 is 'x' there and '<0x02>'",
                "added_tokens.json | {\"x\": -1} | 'x' has id -1",
                "added_tokens.json | [1] | is not an object",
                "added_tokens.json | {\"x\": 268 | json: ",
                "tokenizer_config.json | {\"eos_token\": \"<gone>\"} | eos_token: '<gone>' is not in the vocabulary",
                "tokenizer_config.json | {\"add_bos_token\": \"yes\"} | add_bos_token: is \"yes\"",
            })
    void aWrongConfigurationIsRefusedByName(String file, String text, String message) throws IOException {
        write(file, text);
        assertThatThrownBy(() -> read(TinyModel.llama()))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining(message);
    }

    @Test
    void userPiecesStayWordsAndControlPiecesSpecial() throws IOException {
        TokenizerFiles files =
                read(TinyModel.llama().piece("<user>", 0, USER_DEFINED).piece("<pad>", 0, CONTROL));
        assertThat(files.specialTokens()).contains("<pad>").doesNotContain("<user>");
        assertThat(json(files).path("added_tokens").toString()).contains("<user>");
    }

    @Test
    void anExistingTokenizerIsTakenAsItIs() throws IOException {
        write("tokenizer.json", BYTE_LEVEL);
        write("tokenizer_config.json", "{\"eos_token\": \"</s>\", \"chat_template\": \"{{x}}\"}");
        TokenizerFiles files = TokenizerFiles.read(folder);
        assertThat(files.json()).isEqualTo(BYTE_LEVEL);
        assertThat(files.tokens()).isEqualTo(4);
        assertThat(files.ownTemplate()).isTrue();
        assertThatThrownBy(() -> files.check(PromptTemplates.named("chatml").orElseThrow()))
                .hasMessageContaining("'chatml' needs the special token '<|im_");
        files.check(PromptTemplates.BELLE);
    }

    @Test
    void aTokenWithARoleIsMadeSpecialAndItsMergesGo() throws IOException {
        write("tokenizer.json", BYTE_LEVEL.replace("[{\"id\": 0, \"content\": \"</s>\", \"special\": true}]", "[]"));
        write("tokenizer_config.json", "{\"eos_token\": \"ab\"}");
        JsonNode json = json(TokenizerFiles.read(folder));
        assertThat(json.path("added_tokens").get(0).path("id").intValue()).isEqualTo(3);
        assertThat(json.path("model").path("merges")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"type\": \"BPE\" | \"type\": \"Unigram\" | model.type: is 'Unigram'",
                "\"a b\" | \"a c\" | model.merges[0]: 'c' is not in the vocabulary",
                "\"a b\" | \"ab\" | model.merges[0]: is no pair",
                "\"a b\" | [\"a\"] | model.merges[0]: is no pair",
                "\"b\": 2 | \"b\": 1 | id 1 is given twice",
                "\"b\": 2 | \"b\": -2 | 'b' has id -2",
                "\"b\": 2 | \"b\": 99999999 | 'b' has id 99999999",
                "\"b\": 2 | \"a\": 2 | Duplicate field",
                "\"id\": 0 | \"id\": 1 | id 1 is '</s>' here and 'a'",
                "\"ByteLevel\" | \"WordPiece\" | decoder: is neither",
                "\"merges\" | \"dropout\": 0.1, \"merges\" | model.dropout",
                "\"merges\" | \"end_of_word_suffix\": \"x\", \"merges\" | model.end_of_word_suffix",
                "\"merges\" | \"unk_token\": \"?\", \"merges\" | model.unk_token",
                "\"vocab\" | \"vocabulary\" | model.vocab: is missing",
            })
    void aBrokenTokenizerJsonIsRefusedByName(String from, String to, String message) throws IOException {
        assertThat(BYTE_LEVEL).contains(from);
        write("tokenizer.json", BYTE_LEVEL.replace(from, to));
        assertThatThrownBy(() -> TokenizerFiles.read(folder))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("tokenizer.json: ")
                .hasMessageContaining(message);
    }

    @Test
    void aFolderWithoutATokenizerIsRefused() {
        assertThatThrownBy(() -> TokenizerFiles.read(folder)).hasMessageContaining("neither tokenizer.json nor");
    }

    private static Arguments broken(String message, TinyModel model) {
        return Arguments.of(message, model);
    }

    private TokenizerFiles read(TinyModel model) throws IOException {
        write("tokenizer.model", model.bytes());
        return TokenizerFiles.read(folder);
    }

    private static JsonNode json(TokenizerFiles files) {
        return SourceText.object(Path.of("bundle"), files.json());
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(folder.resolve(name), text);
    }

    private void write(String name, byte[] bytes) throws IOException {
        Files.write(folder.resolve(name), bytes);
    }
}
