package belle.export.bundle;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import belle.export.graph.PartGraph;
import belle.kernels.Kernels;
import belle.proto.bundle.WeightType;
import java.lang.foreign.Arena;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Map;

/**
 * Products of float32 matrices by the kernels: each sum is one chain of FMAs in ascending order, so that its bits depend on
 * neither threads nor processor. Not thread-safe.
 */
final class FloatProduct implements AutoCloseable {
    private static final int ALIGNMENT = 64;

    private final OrtEnvironment environment = OneSequence.environment();
    private final OrtSession.SessionOptions options;
    private final OrtSession session;
    private final int inputs;
    private final int outputs;

    /** For x [rows, inputs] times w [inputs, outputs]; {@code outputs} is a multiple of 64. */
    FloatProduct(int inputs, int outputs) {
        this.inputs = inputs;
        this.outputs = outputs;
        byte[] graph = PartGraph.product(inputs, outputs, Exporter.VERSION).toByteArray();
        try {
            options = Kernels.options(Runtime.getRuntime().availableProcessors());
            session = environment.createSession(graph, options);
        } catch (OrtException e) {
            throw new IllegalStateException("products cannot be computed", e);
        }
    }

    /** Returns room for {@code floats} numbers, all 0, that products can be computed from and to. */
    static FloatBuffer buffer(Arena arena, int floats) {
        return arena.allocate((long) floats * Float.BYTES, ALIGNMENT)
                .asByteBuffer()
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
    }

    /**
     * Computes y = x w; the buffers are {@link #buffer}s or slices of them.
     *
     * @param x [rows, inputs]
     * @param w [outputs / 64, inputs, 64]
     * @param y [rows, outputs]
     */
    void run(int rows, FloatBuffer x, FloatBuffer w, FloatBuffer y) {
        int tile = WeightType.TILE;
        try (OnnxTensor left = tensor(x.slice(0, rows * inputs), rows, inputs);
                OnnxTensor right = tensor(w.slice(0, inputs * outputs), outputs / tile, inputs, tile);
                OnnxTensor out = tensor(y.slice(0, rows * outputs), rows, outputs);
                OrtSession.Result _ = session.run(
                        Map.of(PartGraph.LEFT, left, PartGraph.RIGHT, right), Map.of(PartGraph.PRODUCT, out))) {
            // The result is in y.
        } catch (OrtException e) {
            throw new IllegalStateException("a product cannot be computed", e);
        }
    }

    private OnnxTensor tensor(FloatBuffer values, long... shape) throws OrtException {
        return OnnxTensor.createTensor(environment, values, shape);
    }

    @Override
    public void close() {
        try {
            session.close();
            options.close();
        } catch (OrtException e) {
            throw new IllegalStateException("a session cannot be closed", e);
        }
    }
}
