package belle.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import belle.export.tokenizer.TokenizerFiles;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * BPE tokenizers over bytes in a GGUF file, beside the tokenizer.json that they were made from: Hugging Face's library must
 * find the same ids by both. The vocabulary is that of the small model that ships with the program.
 */
final class GgufTokenizerTest {
    private static final List<String> TEXTS = List.of(
            "",
            "你好，世界！今天是2026年11月27日，天气很好。",
            "Human: \n写一首关于春天的诗\n\nAssistant: \n春天来了，花儿开了。",
            "  two spaces,   three;\ttab\t\tand\n\n\nlines   ",
            "trailing space \n next\r\n\r\nlast",
            "1 12 123 1234 12345678 3.14159 1,000,000 ２０２６ Ⅳ ½",
            "🙂🙃 👨‍👩‍👧‍👦 🇨🇳 ❤️ e\u0301 é",
            "I'm, you're, he'll, THEY'VE don't 'tis it's'",
            "foo_bar(x|y) [a.b] {c} != d… 你好…再见。،۔।",
            "一\u3000二\u00a0三\u2028四\u0085五",
            "Привет мир, مرحبا بالعالم, नमस्ते दुनिया, 안녕하세요, こんにちは",
            "</s><s> <pad>text</s>");

    @TempDir
    private Path folder;

    private final ObjectNode json = object();

    @ParameterizedTest
    @ValueSource(strings = {"bloom", "gpt-2", "default", "smollm", "llama-bpe", "llama3"})
    void idsAreThoseOfTheTokenizerItWasMadeFrom(String words) throws IOException {
        TokenizerFiles files = TokenizerFiles.read(new Gguf(words).write());
        cutters(words);
        assertThat(files.tokens()).isEqualTo(json.at("/model/vocab").size());
        assertThat(files.specialTokens()).containsExactlyInAnyOrder("<unk>", "<s>", "</s>", "<pad>");
        assertThat(files.eosIds()).containsExactly(2);
        assertThat(files.bosIds()).isEmpty();
        try (var ours = NativeTokenizer.create(files.json(), "ours");
                var theirs = NativeTokenizer.create(json.toString(), "theirs")) {
            List<String> texts = new ArrayList<>(TEXTS);
            for (long seed = 0; seed < 200; seed++) {
                texts.add(pieced(new SplittableRandom(seed)));
            }
            for (String text : texts) {
                assertThat(ours.encode(text, true)).as(text).isEqualTo(theirs.encode(text, true));
            }
        }
    }

    /** Were all four cut alike, the test above would prove nothing of them. */
    @Test
    void theNamesCutDifferently() throws IOException {
        List<String> found = new ArrayList<>();
        for (String words : List.of("bloom", "gpt-2", "smollm", "llama-bpe")) {
            try (var tokenizer = NativeTokenizer.create(
                    TokenizerFiles.read(new Gguf(words).write()).json(), words)) {
                found.add(String.join(
                        "|",
                        TEXTS.stream()
                                .map(text -> Arrays.toString(tokenizer.encode(text, false)))
                                .toList()));
            }
        }
        assertThat(found).doesNotHaveDuplicates();
    }

    @Test
    void aBeginningIsAddedWhereTheFileSaysSo() throws IOException {
        TokenizerFiles files = TokenizerFiles.read(new Gguf("bloom").addsBos().write());
        assertThat(files.bosIds()).containsExactly(1);
        try (var ours = NativeTokenizer.create(files.json(), "ours")) {
            int[] plain = ours.encode("你好", false);
            assertThat(ours.encode("你好", true)).startsWith(1).endsWith(plain).hasSize(1 + plain.length);
        }
    }

    @Test
    void wordsOfAnotherKindAreRefused() throws IOException {
        Path file = new Gguf("qwen2").write();
        assertThatThrownBy(() -> TokenizerFiles.read(file))
                .hasMessageContaining("tokenizer.ggml.pre")
                .hasMessageContaining("given qwen2");
    }

    /** Puts into the tokenizer.json how the published tokenizers of that name cut a text; BLOOM's own is there already. */
    private void cutters(String words) {
        if (words.equals("bloom")) {
            return;
        }
        ArrayNode cutters =
                json.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
        if (words.startsWith("llama")) {
            cutters.addObject()
                    .put("type", "Split")
                    .put("behavior", "Isolated")
                    .put("invert", false)
                    .putObject("pattern")
                    .put(
                            "Regex",
                            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
                                    + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");
            ((ObjectNode) json.get("model")).put("ignore_merges", true);
        }
        if (words.equals("smollm")) {
            cutters.addObject().put("type", "Digits").put("individual_digits", true);
        }
        // The library's own expression, which is GPT-2's, where no other has cut before.
        cutters.addObject()
                .put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", true)
                .put("use_regex", !words.startsWith("llama"));
    }

    private static String pieced(SplittableRandom random) {
        String[] pieces = {
            " ", "  ", "\n", "你", "好。", "a", "B", "'s", "7", "42", "，", ".", "🙂", "\u0301", "\t", "_", "(", "|"
        };
        var text = new StringBuilder();
        for (int i = random.nextInt(24); i >= 0; i--) {
            text.append(pieces[random.nextInt(pieces.length)]);
        }
        return text.toString();
    }

    private static ObjectNode object() {
        Path root = Path.of(System.getProperty("belle.root", ".."));
        try {
            return (ObjectNode) new ObjectMapper()
                    .readTree(root.resolve("ops/src/main/model/belle-tiny/tokenizer.json")
                            .toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Metadata of a GGUF file without tensors: the tokenizer, its words cut as those of a name. */
    private final class Gguf {
        private static final int BOOL_TYPE = 7;
        private static final int INT_TYPE = 5;
        private static final int TEXT_TYPE = 8;
        private static final int LIST_TYPE = 9;

        private final ByteBuffer metadata = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
        private int keys;

        Gguf(String words) {
            JsonNode vocabulary = json.at("/model/vocab");
            String[] tokens = new String[vocabulary.size()];
            vocabulary.properties().forEach(entry -> tokens[entry.getValue().asInt()] = entry.getKey());
            key("model", TEXT_TYPE);
            text("gpt2");
            key("pre", TEXT_TYPE);
            text(words);
            key("tokens", LIST_TYPE).putInt(TEXT_TYPE).putLong(tokens.length);
            List.of(tokens).forEach(this::text);
            JsonNode merges = json.at("/model/merges");
            key("merges", LIST_TYPE).putInt(TEXT_TYPE).putLong(merges.size());
            merges.forEach(merge -> text(merge.asText()));
            key("token_type", LIST_TYPE).putInt(INT_TYPE).putLong(tokens.length);
            for (int id = 0; id < tokens.length; id++) {
                metadata.putInt(id < 4 ? 3 : 1); // The first four are control tokens.
            }
            key("bos_token_id", INT_TYPE).putInt(1);
            key("eos_token_id", INT_TYPE).putInt(2);
        }

        Gguf addsBos() {
            key("add_bos_token", BOOL_TYPE).put((byte) 1);
            return this;
        }

        Path write() throws IOException {
            byte[] body = Arrays.copyOf(metadata.array(), metadata.position());
            ByteBuffer file = ByteBuffer.allocate(24 + body.length).order(ByteOrder.LITTLE_ENDIAN);
            file.put("GGUF".getBytes(StandardCharsets.US_ASCII)).putInt(3).putLong(0);
            file.putLong(keys).put(body);
            return Files.write(folder.resolve("tokenizer.gguf"), file.array());
        }

        private ByteBuffer key(String name, int type) {
            keys++;
            text("tokenizer.ggml." + name);
            return metadata.putInt(type);
        }

        private void text(String text) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            metadata.putLong(bytes.length).put(bytes);
        }
    }
}
