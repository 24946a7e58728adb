package belle.kernels.bench;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** x [rows, inputs] times a matrix of {@code outputs} outputs; {@code leaves} cuts its inputs into eight. */
record ProductWorkload(Weights weights, int rows, int inputs, int outputs, boolean leaves) implements Workload {
    private static final int TILE = 64;
    private static final int GROUP = 128;

    /** How the matrix is stored; the quantised ones in groups of 128. */
    enum Weights {
        F32("f32", "MatMulF32", OnnxJavaType.FLOAT),
        F16("f16", "MatMulF16", OnnxJavaType.FLOAT16),
        Q8("q8", "MatMulQ8", OnnxJavaType.UINT8),
        Q4("q4", "MatMulQ4", OnnxJavaType.UINT8);

        private final String label;
        private final String op;
        private final OnnxJavaType type;

        Weights(String label, String op, OnnxJavaType type) {
            this.label = label;
            this.op = op;
            this.type = type;
        }
    }

    /** Weight copies are rotated so that together they exceed any cache. */
    private static final long ROTATED_BYTES = 160L << 20;

    @Override
    public String name() {
        return weights.label + (leaves ? " leaves " : " ") + inputs + " x " + outputs + ", M=" + rows;
    }

    @Override
    public double bytes() {
        return switch (weights) {
            case F32 -> 4.0 * inputs * outputs;
            case F16 -> 2.0 * inputs * outputs;
            case Q8, Q4 -> (double) blockBytes() * ((long) inputs / GROUP * (outputs / TILE));
        };
    }

    @Override
    public double operations() {
        return 2.0 * rows * inputs * outputs;
    }

    @Override
    public double ceiling(Ceilings ceilings) {
        return quantised() ? ceilings.dots() : ceilings.operations();
    }

    @Override
    public String ceilingName() {
        return quantised() ? "dot" : "fma";
    }

    @Override
    public Running open(int threads) throws OrtException {
        SingleOp.Builder builder = SingleOp.of(weights.op)
                .input(OnnxJavaType.FLOAT, 2)
                .input(weights.type, 3)
                .attribute("K", (long) inputs)
                .attribute("n0", (long) outputs);
        if (quantised()) {
            builder.attribute("group", GROUP);
        }
        if (leaves) {
            long[] places = new long[9];
            Arrays.setAll(places, i -> (long) i * (inputs / GROUP) / 8 * GROUP);
            builder.attribute("leaf_inputs", places);
        }
        int copies = Math.clamp((long) (ROTATED_BYTES / bytes()), 1, 8);
        List<OnnxTensor> tensors = new ArrayList<>();
        tensors.add(Tensors.floats(Tensors.pattern(rows * inputs), rows, inputs));
        tensors.add(Tensors.floats(new float[rows * outputs], rows, outputs));
        for (int copy = 0; copy < copies; copy++) {
            tensors.add(
                    quantised()
                            ? Tensors.over(filled(copy), weights.type, outputs / TILE, inputs / GROUP, blockBytes())
                            : Tensors.over(filled(copy), weights.type, outputs / TILE, inputs, TILE));
        }
        return new OpenProduct(builder.open(threads), tensors);
    }

    private boolean quantised() {
        return weights.type == OnnxJavaType.UINT8;
    }

    private int blockBytes() {
        return TILE * (GROUP * (weights == Weights.Q4 ? 4 : 8) / 8 + Float.BYTES + 1);
    }

    /**
     * Weights or scales below 2 in every format, none so small that a product would be subnormal, for which some
     * processors take a hundred times as long.
     */
    private ByteBuffer filled(int copy) {
        ByteBuffer bytes = Tensors.direct((long) bytes());
        for (int i = 0; i < bytes.capacity(); i += 4) {
            bytes.putInt(i, ((i * 0x9e3779b1 + copy) & 0x87ff87ff) | 0x38003800);
        }
        return bytes;
    }

    /** Tensors: x, y, then the weight copies. */
    private static final class OpenProduct implements Running {
        private final SingleOp op;
        private final List<OnnxTensor> tensors;
        private int next = 2;

        OpenProduct(SingleOp op, List<OnnxTensor> tensors) {
            this.op = op;
            this.tensors = tensors;
        }

        @Override
        public void once() throws OrtException {
            op.runInto(List.of(tensors.get(0), tensors.get(next)), tensors.get(1));
            next = next + 1 == tensors.size() ? 2 : next + 1;
        }

        @Override
        public void close() throws OrtException {
            op.close();
            tensors.forEach(OnnxTensor::close);
        }
    }
}
