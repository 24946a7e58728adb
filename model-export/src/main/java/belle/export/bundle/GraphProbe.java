package belle.export.bundle;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import belle.kernels.Kernels;
import belle.kernels.OrtLibraries;
import belle.proto.Check;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.Manifest.Architecture;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Runs a bundle's graph for one sequence, without any engine: enough to see that a bundle computes, and what. Whoever
 * opened it closes it.
 */
final class GraphProbe implements AutoCloseable {
    private static final int BLOCK_TOKENS = 32;

    private final OrtEnvironment environment = environment();
    private final OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    private final OrtSession session;
    private final Arena arena = Arena.ofShared();
    private final long[] pool;
    private final int vocabulary;
    private final int blocks;

    private GraphProbe(Bundle bundle, int tokens, int cacheBits, int threads) throws OrtException {
        Architecture a = bundle.manifest().architecture();
        vocabulary = a.vocabulary();
        blocks = (tokens + BLOCK_TOKENS - 1) / BLOCK_TOKENS;
        long bytes = (long) a.layers() * blocks * a.kvHeads() * 2 * a.headDim() * BLOCK_TOKENS * cacheBits / 8;
        MemorySegment memory = arena.allocate(bytes, 64);
        pool = new long[] {memory.address(), bytes, a.layers(), blocks, BLOCK_TOKENS, cacheBits};
        options.registerCustomOpLibrary(Kernels.library().toString());
        options.setIntraOpNumThreads(threads);
        options.addConfigEntry("session.intra_op.allow_spinning", "0");
        session = environment.createSession(bundle.graph(0, 1).toString(), options);
    }

    private static OrtEnvironment environment() {
        OrtLibraries.keep();
        return OrtEnvironment.getEnvironment();
    }

    /**
     * Opens a session with room for {@code tokens} positions, its cache in elements of {@code cacheBits} (16 or 32).
     *
     * @throws OrtException when the graph, its weights or its ops are refused
     */
    static GraphProbe open(Bundle bundle, int tokens, int cacheBits, int threads) throws OrtException {
        return new GraphProbe(bundle, tokens, cacheBits, threads);
    }

    /**
     * Runs {@code ids} behind {@code past} tokens that were run before.
     *
     * @return the logits [rows, V] behind the last {@code rows} of the ids
     */
    float[][] run(int[] ids, int past, int rows) throws OrtException {
        Check.that(past + ids.length <= blocks * BLOCK_TOKENS, "%s tokens do not fit", past + ids.length);
        long[] inputIds = IntStream.of(ids).asLongStream().toArray();
        long[] logitRows = LongStream.range(ids.length - rows, ids.length).toArray();
        int[] table = IntStream.range(0, blocks).toArray();
        try (OnnxTensor a = longs(inputIds);
                OnnxTensor b = ints(new int[] {0, ids.length}, 2);
                OnnxTensor c = ints(new int[] {past}, 1);
                OnnxTensor d = ints(table, 1, blocks);
                OnnxTensor e = longs(pool);
                OnnxTensor f = longs(logitRows);
                OrtSession.Result result = session.run(Map.of(
                        "input_ids",
                        a,
                        "cu_seqlens",
                        b,
                        "past_lens",
                        c,
                        "block_table",
                        d,
                        "kv_pool",
                        e,
                        "logit_rows",
                        f))) {
            FloatBuffer logits = ((OnnxTensor) result.get(0)).getFloatBuffer();
            float[][] out = new float[rows][vocabulary];
            for (float[] row : out) {
                logits.get(row);
            }
            return out;
        }
    }

    @Override
    public void close() throws OrtException {
        session.close();
        options.close();
        arena.close();
    }

    private OnnxTensor longs(long[] values) throws OrtException {
        LongBuffer buffer =
                direct(values.length * Long.BYTES).asLongBuffer().put(values).flip();
        return OnnxTensor.createTensor(environment, buffer, new long[] {values.length});
    }

    private OnnxTensor ints(int[] values, long... shape) throws OrtException {
        IntBuffer buffer =
                direct(values.length * Integer.BYTES).asIntBuffer().put(values).flip();
        return OnnxTensor.createTensor(environment, buffer, shape);
    }

    private static ByteBuffer direct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }
}
