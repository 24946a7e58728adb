package belle.kernels.bench;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import belle.proto.bundle.KvType;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code sequences} sequences of {@code past} tokens, each with {@code fresh} new ones; 32 heads of 128, ALiBi. */
record AttentionWorkload(KvType cache, int sequences, int fresh, int past, int kvHeads) implements Workload {
    private static final int HEADS = 32;
    private static final int DIM = 128;
    private static final int BLOCK_TOKENS = 64;
    /** Makes ordinary numbers of all types of the cache: 0.011, 1.06, and 60 with a scale of 0.011. */
    private static final byte PLAIN_BYTE = 0x3c;

    @Override
    public String name() {
        return "attention " + cache.label() + " cache, "
                + (fresh == 1 ? "decode " + sequences + " x " + (past + 1) : "prefill " + fresh + " after " + past)
                + ", " + kvHeads + " kv heads";
    }

    @Override
    public double bytes() {
        return 2.0 * sequences * (past + fresh) * kvHeads * cache.rowBytes(DIM);
    }

    /** Of the positions that are seen; what is computed and thrown away does not count. */
    @Override
    public double operations() {
        return 4.0 * sequences * HEADS * DIM * ((double) fresh * past + fresh * (fresh + 1.0) / 2);
    }

    @Override
    public Running open(int threads) throws OrtException {
        int columns = (past + fresh + BLOCK_TOKENS - 1) / BLOCK_TOKENS;
        int blocks = sequences * columns;
        int tokens = sequences * fresh;
        int width = (HEADS + 2 * kvHeads) * DIM;
        long bytes = 2L * blocks * kvHeads * BLOCK_TOKENS * cache.rowBytes(DIM);
        ByteBuffer pool = Tensors.direct(bytes + 64).alignedSlice(64);
        long address = MemorySegment.ofBuffer(pool).fill(PLAIN_BYTE).address();
        int[] table = new int[blocks];
        Arrays.setAll(table, i -> (i % columns) * sequences + i / columns);
        int[] starts = new int[sequences + 1];
        Arrays.setAll(starts, i -> i * fresh);
        int[] pasts = new int[sequences];
        Arrays.fill(pasts, past);
        List<@Nullable OnnxTensor> inputs = Arrays.asList(
                Tensors.floats(Tensors.pattern(tokens * width), tokens, width),
                Tensors.longs(new long[] {address, bytes, 1, blocks, BLOCK_TOKENS, cache.bits()}, 6),
                Tensors.ints(table, sequences, columns),
                Tensors.ints(starts, sequences + 1L),
                Tensors.ints(pasts, sequences),
                null,
                null,
                Tensors.floats(Tensors.pattern(HEADS), HEADS));
        SingleOp op = SingleOp.of("PagedAttention")
                .input(OnnxJavaType.FLOAT, 2)
                .input(OnnxJavaType.INT64, 1)
                .input(OnnxJavaType.INT32, 2)
                .input(OnnxJavaType.INT32, 1)
                .input(OnnxJavaType.INT32, 1)
                .missing()
                .missing()
                .input(OnnxJavaType.FLOAT, 1)
                .attribute("num_heads", (long) HEADS)
                .attribute("kv_num_heads", (long) kvHeads)
                .attribute("head_dim", (long) DIM)
                .attribute("layer", 0L)
                .attribute("scale", (float) (1 / Math.sqrt(DIM)))
                .open(threads);
        OnnxTensor output = Tensors.floats(new float[tokens * HEADS * DIM], tokens, (long) HEADS * DIM);
        return new OpenAttention(op, inputs, output, pool);
    }

    /** The pool is held for as long as its address is in use. */
    private record OpenAttention(SingleOp op, List<@Nullable OnnxTensor> inputs, OnnxTensor output, ByteBuffer pool)
            implements Running {
        @Override
        public void once() throws OrtException {
            op.runInto(inputs, output);
        }

        @Override
        public void close() throws OrtException {
            op.close();
            output.close();
            for (OnnxTensor input : inputs) {
                if (input != null) {
                    input.close();
                }
            }
        }
    }
}
