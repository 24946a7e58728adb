package belle.export.bundle;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import belle.kernels.Kernels;
import belle.kernels.OrtLibraries;
import belle.proto.Check;
import belle.proto.bundle.KvType;
import belle.proto.bundle.Manifest.Architecture;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A graph's session and a cache for one sequence, without any engine. Whoever opened it closes it; the tensors that it makes
 * are the caller's to close.
 */
final class OneSequence implements AutoCloseable {
    private static final int BLOCK_TOKENS = 32;

    private final OrtEnvironment environment = environment();
    private final OrtSession.SessionOptions options;
    private final OrtSession session;
    private final Arena arena = Arena.ofShared();
    private final long[] pool;
    private final int blocks;

    private OneSequence(Path graph, Architecture a, int layers, int tokens, KvType cache, int threads)
            throws OrtException {
        blocks = (tokens + BLOCK_TOKENS - 1) / BLOCK_TOKENS;
        long bytes = 2L * layers * blocks * a.kvHeads() * BLOCK_TOKENS * cache.rowBytes(a.headDim());
        MemorySegment memory = arena.allocate(bytes, 64);
        pool = new long[] {memory.address(), bytes, layers, blocks, BLOCK_TOKENS, cache.bits()};
        options = Kernels.options(threads);
        session = environment.createSession(graph.toString(), options);
    }

    /** The runtime, which is loaded first if it is not there. */
    static OrtEnvironment environment() {
        OrtLibraries.keep();
        return OrtEnvironment.getEnvironment();
    }

    /**
     * Opens {@code graph} with room for {@code tokens} positions of {@code layers} layers.
     *
     * @throws OrtException when the graph, its weights or its ops are refused
     */
    static OneSequence open(Path graph, Architecture a, int layers, int tokens, KvType cache, int threads)
            throws OrtException {
        return new OneSequence(graph, a, layers, tokens, cache, threads);
    }

    /** Returns a step's inputs but ids and rows, for {@code count} tokens behind {@code past} others. */
    Map<String, OnnxTensor> step(int past, int count) throws OrtException {
        Check.that(past + count <= blocks * BLOCK_TOKENS, "%s tokens do not fit", past + count);
        Map<String, OnnxTensor> inputs = new HashMap<>();
        inputs.put("cu_seqlens", ints(new int[] {0, count}, 2));
        inputs.put("past_lens", ints(new int[] {past}, 1));
        inputs.put("block_table", ints(IntStream.range(0, blocks).toArray(), 1, blocks));
        inputs.put("kv_pool", longs(pool));
        return inputs;
    }

    /** Runs the graph and closes the inputs; the caller closes the result. */
    OrtSession.Result run(Map<String, OnnxTensor> inputs) throws OrtException {
        try {
            return session.run(inputs);
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
    }

    OnnxTensor floats(float[] values, long... shape) throws OrtException {
        FloatBuffer buffer =
                direct(values.length * Float.BYTES).asFloatBuffer().put(values).flip();
        return OnnxTensor.createTensor(environment, buffer, shape);
    }

    OnnxTensor longs(long[] values) throws OrtException {
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

    @Override
    public void close() throws OrtException {
        session.close();
        options.close();
        arena.close();
    }
}
