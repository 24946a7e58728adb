package belle.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import belle.proto.FailureException;
import belle.proto.Tokens;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Both kinds of tokenizers, on small ones made here. */
final class TokenizerTest {
    @TempDir
    private Path folder;

    static Stream<ObjectNode> kinds() {
        return Stream.of(TinyTokenizers.byteLevel(), TinyTokenizers.sentencePiece());
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void anyTextComesBackAsItWas(ObjectNode json) {
        try (Tokenizer tokenizer = open(json)) {
            for (long seed = 0; seed < 300; seed++) {
                String text = randomText(new SplittableRandom(seed));
                assertThat(tokenizer.decode(tokenizer.encode(text)))
                        .as("seed %s", seed)
                        .isEqualTo(text);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void namesOfSpecialTokensInATextAreText(ObjectNode json) {
        try (Tokenizer tokenizer = open(json)) {
            for (String text : List.of("</s>", "<s>hello</s>", " </s> <pad>", "<0x41>", "<unk>")) {
                Tokens ids = tokenizer.encode(text);
                for (int id : ids.toArray()) {
                    assertThat(tokenizer.vocabulary().special(id)).as(text).isFalse();
                }
                assertThat(tokenizer.decode(ids)).isEqualTo(text);
            }
            assertThat(tokenizer.encodeWithSpecials("</s>").get(0)).isEqualTo(2);
        }
    }

    @Test
    void noSpecialTokenIsReachedByLookingUpWholeWords() {
        ObjectNode json = TinyTokenizers.byteLevel();
        ((ObjectNode) json.get("model")).put("ignore_merges", true);
        try (Tokenizer tokenizer = open(json)) {
            assertThat(tokenizer.encode("</s>").size()).isEqualTo(4);
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void tokensBehindTheVocabularyKeepTheirIds(ObjectNode json) {
        int size = json.get("model").get("vocab").size();
        TinyTokenizers.added(json, size, "<control>", true);
        TinyTokenizers.added(json, size + 1, "<user>", false);
        TinyTokenizers.added(json, size + 2, "<other>", true);
        try (Tokenizer tokenizer = open(json)) {
            assertThat(tokenizer.vocabulary().size()).isEqualTo(size + 3);
            assertThat(tokenizer.encode("<user>").toArray()).contains(size + 1);
            assertThat(tokenizer.encode("<control><other>").toArray()).doesNotContain(size, size + 2);
            assertThat(tokenizer.decode(Tokens.of(size, size + 1, size + 2))).isEqualTo("<user>");
            assertThat(tokenizer.pieces(Tokens.of(size))).containsExactly("<control>");
        }
    }

    @Test
    void aFileThatCutsOrPadsDoesNotDoItHere() {
        ObjectNode json = TinyTokenizers.byteLevel();
        json.putObject("truncation")
                .put("direction", "Right")
                .put("max_length", 2)
                .put("strategy", "LongestFirst")
                .put("stride", 0);
        json.putObject("padding")
                .put("direction", "Right")
                .put("pad_id", 3)
                .put("pad_type_id", 0)
                .put("pad_token", "<pad>")
                .putNull("pad_to_multiple_of")
                .putObject("strategy")
                .put("Fixed", 8);
        try (Tokenizer tokenizer = open(json)) {
            assertThat(tokenizer.encode("abcd").size()).isEqualTo(4);
            assertThat(tokenizer.encodeWithSpecials("abcd").size()).isEqualTo(4);
        }
    }

    @Test
    void aLoneSurrogateIsAReplacementCharacter() {
        try (Tokenizer tokenizer = open(TinyTokenizers.byteLevel())) {
            assertThat(tokenizer.decode(tokenizer.encode("a\uD83Db\uDE00"))).isEqualTo("a\uFFFDb\uFFFD");
        }
    }

    @Test
    void piecesAreReadable() {
        try (Tokenizer tokenizer = open(TinyTokenizers.byteLevel())) {
            assertThat(tokenizer.pieces(tokenizer.encode("hello é你")))
                    .containsExactly("hello", " ", "<0xC3>", "<0xA9>", "你");
            assertThat(tokenizer.pieces(Tokens.of(2, -1, 99_999))).containsExactly("</s>", "", "");
        }
    }

    @Test
    void threadsShareOneTokenizer() throws Exception {
        try (Tokenizer tokenizer = open(TinyTokenizers.sentencePiece());
                var threads = Executors.newFixedThreadPool(4)) {
            List<Callable<Boolean>> work = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                String text = randomText(new SplittableRandom(i));
                work.add(() -> tokenizer.decode(tokenizer.encode(text)).equals(text));
            }
            for (var done : threads.invokeAll(work)) {
                assertThat(done.get()).isTrue();
            }
        }
    }

    @Test
    void aClosedTokenizerSaysSo() {
        Tokenizer tokenizer = open(TinyTokenizers.byteLevel());
        tokenizer.close();
        tokenizer.close();
        assertThatThrownBy(() -> tokenizer.encode("a")).hasMessageContaining("closed");
    }

    @Test
    void anIdOutsideTheVocabularyIsRefused() {
        try (Tokenizer tokenizer = open(TinyTokenizers.byteLevel())) {
            assertThatThrownBy(() -> tokenizer.decode(Tokens.of(5, 70_000)))
                    .isInstanceOf(FailureException.class)
                    .hasMessageContaining("id 70000 at place 1");
        }
    }

    static Stream<Arguments> broken() {
        return Stream.of(
                fault("model.vocab: is missing", json -> json.remove("model")),
                fault("model.type: is 'WordPiece'", json -> model(json).put("type", "WordPiece")),
                fault("model.vocab: is empty", json -> {
                    model(json).putObject("vocab");
                    json.putArray("added_tokens");
                }),
                fault("'a' has no whole number", json -> vocabulary(json).put("a", "x")),
                fault("id 7 is given to two pieces", json -> vocabulary(json).put("two", 7)),
                fault("not in [0,", json -> vocabulary(json).put("far", 1 << 30)),
                fault("added_tokens: id 5 is '<x>' here", json -> TinyTokenizers.added(json, 5, "<x>", true)),
                fault("added_tokens: an entry without a good id", json -> TinyTokenizers.added(json, -1, "<x>", true)),
                fault("added_tokens: is not a list", json -> json.put("added_tokens", 3)),
                fault("decoder: is 'missing'", json -> {
                    json.putNull("decoder");
                    json.putNull("pre_tokenizer");
                }),
                fault("tokenizer: ", json -> ((ArrayNode) model(json).get("merges")).add("nothing known")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("broken")
    void aBrokenFileIsRefusedByName(String message, Consumer<ObjectNode> fault) {
        ObjectNode json = TinyTokenizers.byteLevel();
        fault.accept(json);
        assertThatThrownBy(() -> open(json))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("tokenizer.json: ")
                .hasMessageContaining(message);
    }

    @Test
    void aCutFileIsRefused() throws IOException {
        Path file = TinyTokenizers.write(folder, TinyTokenizers.byteLevel());
        Files.writeString(file, Files.readString(file).substring(0, 3000));
        assertThatThrownBy(() -> Tokenizer.open(file)).isInstanceOf(FailureException.class);
        Files.write(file, new byte[] {'{', (byte) 0xFF});
        assertThatThrownBy(() -> Tokenizer.open(file)).hasMessageContaining("is not UTF-8");
        assertThatThrownBy(() -> Tokenizer.open(folder.resolve("none.json"))).isInstanceOf(FailureException.class);
    }

    private static Arguments fault(String message, Consumer<ObjectNode> fault) {
        return Arguments.of(message, fault);
    }

    private static ObjectNode model(ObjectNode json) {
        return (ObjectNode) json.get("model");
    }

    private static ObjectNode vocabulary(ObjectNode json) {
        return (ObjectNode) model(json).get("vocab");
    }

    private Tokenizer open(ObjectNode json) {
        return Tokenizer.open(TinyTokenizers.write(folder, json));
    }

    /** Characters of every length, spaces, marks, controls; not U+2581, which SentencePiece takes for a space. */
    private static String randomText(SplittableRandom random) {
        String common = "hello 你好😀 \n\t.,</s>\u3000\u00A0";
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(1, 40); i > 0; i--) {
            int point = random.nextInt(4) == 0 ? random.nextInt(0x110000) : common.codePointAt(random.nextInt(12));
            boolean surrogate = point >= 0xD800 && point <= 0xDFFF;
            text.appendCodePoint(surrogate || point == 0x2581 ? 'x' : point);
        }
        return text.toString();
    }
}
