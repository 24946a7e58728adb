package belle.kernels;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import belle.kernels.bench.SingleOp;
import belle.kernels.bench.Tensors;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What the ops refuse, and that the refusal names the op, the input, the limit and the value. */
final class RefusalTest {
    private static void refused(ThrowingCallable run, String message) {
        assertThatThrownBy(run).isInstanceOf(OrtException.class).hasMessageContaining(message);
    }

    @Test
    void namesATokenThatTheVocabularyLacks() throws OrtException {
        try (SingleOp op = SingleOp.of("Embedding")
                .input(OnnxJavaType.INT64, 1)
                .input(OnnxJavaType.FLOAT, 2)
                .attribute("layout", "rows")
                .attribute("vocabulary", 5L)
                .attribute("hidden", 2L)
                .open(1)) {
            refused(
                    () -> Ops.run(op, Tensors.longs(new long[] {1, 5}, 2), Tensors.floats(new float[10], 5, 2)),
                    "belle.Embedding: ids[1] must lie in [0, 4], but is 5");
        }
    }

    @Test
    void namesAShapeThatDoesNotFit() throws OrtException {
        try (SingleOp op = SingleOp.of("MatMulF32")
                .input(OnnxJavaType.FLOAT, 2)
                .input(OnnxJavaType.FLOAT, 3)
                .attribute("K", 8L)
                .attribute("n0", 64L)
                .open(1)) {
            refused(
                    () -> Ops.run(op, Tensors.floats(new float[14], 2, 7), Tensors.floats(new float[512], 1, 8, 64)),
                    "belle.MatMulF32: x must have shape [any, 8], but has [2, 7]");
            refused(
                    () -> Ops.run(op, Tensors.floats(new float[8], 1, 8), Tensors.floats(new float[1024], 2, 8, 64)),
                    "belle.MatMulF32: w0 must have shape [1, 8, 64], but has [2, 8, 64]");
        }
    }

    @Test
    void namesAnAttributeThatCannotBe() {
        SingleOp.Builder leaves = SingleOp.of("MatMulF16")
                .input(OnnxJavaType.FLOAT, 2)
                .input(OnnxJavaType.FLOAT16, 3)
                .attribute("K", 8L)
                .attribute("n0", 64L)
                .attribute("leaf_inputs", new long[] {0, 4, 7});
        refused(() -> leaves.open(1), "leaf_inputs must begin at 0 and end at K = 8, but they run from 0 to 7");
        SingleOp.Builder norm =
                SingleOp.of("RMSNorm").input(OnnxJavaType.FLOAT, 2).input(OnnxJavaType.FLOAT, 1);
        refused(() -> norm.open(1), "belle.RMSNorm: attribute epsilon (a float) is missing");
        refused(() -> attention(12).open(1), "belle.PagedAttention: head_dim must be a multiple of 8, but is 12");
        refused(() -> attention(264).open(1), "belle.PagedAttention: head_dim must lie in [8, 256], but is 264");
    }

    @Test
    void namesANumberOfThreadsThatCannotBe() {
        SingleOp.Builder op = SingleOp.of("Gelu").input(OnnxJavaType.FLOAT, 2);
        refused(() -> op.open(0), "belle.threads must lie in [1, 1024], but is 0");
        refused(() -> op.open(1025), "belle.threads must lie in [1, 1024], but is 1025");
    }

    private static SingleOp.Builder attention(long headDim) {
        return SingleOp.of("PagedAttention")
                .input(OnnxJavaType.FLOAT, 2)
                .input(OnnxJavaType.INT64, 1)
                .input(OnnxJavaType.INT32, 2)
                .input(OnnxJavaType.INT32, 1)
                .input(OnnxJavaType.INT32, 1)
                .attribute("num_heads", 2L)
                .attribute("kv_num_heads", 1L)
                .attribute("head_dim", headDim)
                .attribute("layer", 0L)
                .attribute("scale", 0.5f);
    }

    /** Two sequences of 3 and 2 new tokens with 10 in the past, 16 positions a block, 4 blocks. */
    private static final class Batch {
        final long[] pool = {0, 4L * 2 * 8 * 16 * 4, 1, 4, 16, 32};
        final int[] table = {0, -1, 3, -1};
        final int[] starts = {0, 3, 5};
        final int[] past = {10, 10};
    }

    private static void attentionRefuses(Consumer<Batch> change, String message) throws OrtException {
        Batch batch = new Batch();
        try (Arena arena = Arena.ofConfined();
                SingleOp op = attention(8).open(2)) {
            MemorySegment memory = arena.allocate(batch.pool[1], 64);
            batch.pool[0] = memory.address();
            change.accept(batch);
            refused(
                    () -> Ops.run(
                            op,
                            Tensors.floats(new float[5 * 32], 5, 32),
                            Tensors.longs(batch.pool, 6),
                            Tensors.ints(batch.table, 2, 2),
                            Tensors.ints(batch.starts, 3),
                            Tensors.ints(batch.past, 2)),
                    "belle.PagedAttention: " + message);
        }
    }

    @Test
    void namesWhatIsWrongInABatch() throws OrtException {
        attentionRefuses(b -> b.table[2] = 4, "block_table[1][0] must lie in [0, 3], but is 4");
        attentionRefuses(b -> b.table[0] = -1, "block_table[0][0] must lie in [0, 3], but is -1");
        attentionRefuses(b -> b.past[1] = 15, "block_table[1][1] must lie in [0, 3], but is -1");
        attentionRefuses(b -> b.past[1] = 31, "past_lens[1] + new tokens must be at most 32");
        attentionRefuses(b -> b.past[0] = -1, "past_lens[0] must lie in");
        attentionRefuses(b -> b.starts[0] = 1, "cu_seqlens[0] must be 0, but is 1");
        attentionRefuses(b -> b.starts[1] = 6, "cu_seqlens[1] must lie in [0, 5], but is 6");
        attentionRefuses(b -> b.starts[2] = 4, "cu_seqlens[2] must be the number of tokens = 5, but is 4");
        attentionRefuses(b -> b.pool[1]++, "kv_pool bytes must be");
        attentionRefuses(
                b -> b.pool[5] = 8, "kv_pool bytes must be layers * blocks * block bytes = 1 * 4 * 384, but is");
        attentionRefuses(b -> b.pool[3] = Long.MAX_VALUE, "kv_pool blocks must lie in");
        attentionRefuses(b -> b.pool[4] = 48, "kv_pool block_tokens must be 16, 32 or 64, but is 48");
        attentionRefuses(b -> b.pool[5] = 4, "kv_pool element_bits must be 8, 16 or 32, but is 4");
        attentionRefuses(b -> b.pool[0] += 8, "kv_pool address must be a multiple of 64");
    }

    @Test
    void namesATypeThatItCannotRead() throws OrtException {
        try (SingleOp op = SingleOp.of("Embedding")
                        .input(OnnxJavaType.INT64, 1)
                        .input(OnnxJavaType.INT32, 2)
                        .attribute("layout", "rows")
                        .attribute("vocabulary", 5L)
                        .attribute("hidden", 2L)
                        .open(1);
                OnnxTensor ids = Tensors.longs(new long[] {0}, 1);
                OnnxTensor table = Tensors.ints(new int[10], 5, 2)) {
            refused(() -> Ops.run(op, ids, table), "belle.Embedding: table must be float32, but is int32");
        }
    }
}
