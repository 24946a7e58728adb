package belle.export.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A small BLOOM in a GGUF file, sound and broken. */
class GgufFileTest {
    private static final int HIDDEN = 16;
    private static final int HEADS = 2;
    private static final int HEAD_DIM = HIDDEN / HEADS;

    @TempDir
    private Path dir;

    private final Writer writer = new Writer();

    @Test
    void fusedRowsComeInTheModelsOrder() throws IOException {
        bloom();
        Path file = write(writer.end());
        try (Checkpoint checkpoint = Checkpoints.open(file)) {
            assertThat(checkpoint.config())
                    .isEqualTo(new ModelConfig.Bloom(HIDDEN, 1, HEADS, 8, 32, (double) 1e-5f, true, false));
            float[] weights = new float[3 * HIDDEN * HIDDEN];
            checkpoint.read("h.0.self_attention.query_key_value.weight", 0, weights, 0, weights.length);
            float[] biases = new float[3 * HIDDEN];
            checkpoint.read("h.0.self_attention.query_key_value.bias", 0, biases, 0, biases.length);
            for (int row = 0; row < 3 * HIDDEN; row++) {
                // Of the second head's key, say: behind all queries, and behind the first head's key.
                int head = row / (3 * HEAD_DIM);
                int part = row % (3 * HEAD_DIM) / HEAD_DIM;
                int stored = part * HIDDEN + head * HEAD_DIM + row % HEAD_DIM;
                assertThat(weights[row * HIDDEN + 3]).isEqualTo(stored * HIDDEN + 3);
                assertThat(biases[row]).isEqualTo(stored);
            }
        }
    }

    @Test
    void aBrokenFileIsRefusedByName() throws IOException {
        bloom();
        byte[] good = writer.end();
        refused(new byte[] {'G', 'G', 'U', 'X', 3, 0, 0, 0}, "header", "is no GGUF file");
        byte[] old = good.clone();
        old[4] = 1;
        refused(old, "version", "GGUF 2 and 3 are read, given 1");
        byte[] many = good.clone();
        many[15] = 127;
        refused(many, "tensor_count", "limit 1048576");
        refused(Arrays.copyOf(good, good.length - 1), "output_norm.bias", "ends at byte");
        refused(Arrays.copyOf(good, 200), "metadata 4", "is cut");
    }

    @Test
    void headsThatDoNotDivideTheHiddenSizeAreRefused() throws IOException {
        writer.text("general.architecture", "llama");
        writer.number("llama.embedding_length", 50);
        writer.number("llama.attention.head_count", 6);
        refused(writer.end(), "llama.embedding_length", "50 cannot be divided by 6 heads");
    }

    private void refused(byte[] bytes, String field, String problem) throws IOException {
        Path file = write(bytes);
        assertThat(catchThrowable(() -> Checkpoints.open(file)))
                .hasMessageContaining(file.getFileName().toString())
                .hasMessageContaining(problem)
                .hasMessageContaining(field);
    }

    private Path write(byte[] bytes) throws IOException {
        return Files.write(dir.resolve("tiny.gguf"), bytes);
    }

    private void bloom() {
        writer.text("general.architecture", "bloom");
        writer.number("bloom.context_length", 32);
        writer.number("bloom.embedding_length", HIDDEN);
        writer.number("bloom.feed_forward_length", 4 * HIDDEN);
        writer.number("bloom.block_count", 1);
        writer.number("bloom.attention.head_count", HEADS);
        writer.real("bloom.attention.layer_norm_epsilon", 1e-5f);
        writer.tensor("token_embd.weight", 8, HIDDEN);
        pair("token_embd_norm", HIDDEN);
        pair("blk.0.attn_norm", HIDDEN);
        pair("blk.0.attn_qkv", 3 * HIDDEN, HIDDEN);
        pair("blk.0.attn_output", HIDDEN, HIDDEN);
        pair("blk.0.ffn_norm", HIDDEN);
        pair("blk.0.ffn_up", 4 * HIDDEN, HIDDEN);
        pair("blk.0.ffn_down", HIDDEN, 4 * HIDDEN);
        pair("output_norm", HIDDEN);
    }

    private void pair(String name, int... shape) {
        writer.tensor(name + ".weight", shape);
        writer.tensor(name + ".bias", shape[0]);
    }

    /** Writes a header and tensors of F32 whose elements count up from 0. */
    private static final class Writer {
        private final ByteArrayOutputStream keys = new ByteArrayOutputStream();
        private final ByteArrayOutputStream tensors = new ByteArrayOutputStream();
        private final ByteArrayOutputStream data = new ByteArrayOutputStream();
        private int keyCount;
        private int tensorCount;

        void text(String key, String value) {
            key(key, 8);
            put(keys, text(value));
        }

        void number(String key, int value) {
            key(key, 4);
            put(keys, buffer(4).putInt(value));
        }

        void real(String key, float value) {
            key(key, 6);
            put(keys, buffer(4).putFloat(value));
        }

        private void key(String key, int type) {
            keyCount++;
            put(keys, text(key));
            put(keys, buffer(4).putInt(type));
        }

        void tensor(String name, int... shape) {
            tensorCount++;
            put(tensors, text(name));
            put(tensors, buffer(4).putInt(shape.length));
            long elements = 1;
            for (int i = shape.length - 1; i >= 0; i--) {
                put(tensors, buffer(8).putLong(shape[i]));
                elements *= shape[i];
            }
            put(tensors, buffer(12).putInt(0).putLong(data.size()));
            for (int i = 0; i < elements; i++) {
                put(data, buffer(4).putFloat(i));
            }
            while (data.size() % 32 != 0) {
                data.write(0);
            }
        }

        byte[] end() {
            var all = new ByteArrayOutputStream();
            put(
                    all,
                    buffer(24)
                            .put("GGUF".getBytes(StandardCharsets.US_ASCII))
                            .putInt(3)
                            .putLong(tensorCount)
                            .putLong(keyCount));
            List.of(keys, tensors).forEach(part -> all.writeBytes(part.toByteArray()));
            while (all.size() % 32 != 0) {
                all.write(0);
            }
            all.writeBytes(data.toByteArray());
            return all.toByteArray();
        }

        private static ByteBuffer text(String text) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            return buffer(8 + bytes.length).putLong(bytes.length).put(bytes);
        }

        private static ByteBuffer buffer(int bytes) {
            return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        }

        private static void put(ByteArrayOutputStream to, ByteBuffer bytes) {
            byte[] copy = new byte[bytes.position()];
            bytes.flip().get(copy);
            to.writeBytes(copy);
        }
    }
}
