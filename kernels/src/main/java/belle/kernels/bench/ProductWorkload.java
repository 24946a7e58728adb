package belle.kernels.bench;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** x [rows, inputs] times a matrix of {@code outputs} outputs; {@code leaves} cuts its inputs into eight. */
record ProductWorkload(boolean half, int rows, int inputs, int outputs, boolean leaves) implements Workload {
    /** Weight copies are rotated so that together they exceed any cache. */
    private static final long ROTATED_BYTES = 160L << 20;

    @Override
    public String name() {
        return (half ? "f16" : "f32") + (leaves ? " leaves " : " ") + inputs + " x " + outputs + ", M=" + rows;
    }

    @Override
    public double bytes() {
        return (double) inputs * outputs * (half ? 2 : 4);
    }

    @Override
    public double operations() {
        return 2.0 * rows * inputs * outputs;
    }

    @Override
    public Running open(int threads) throws OrtException {
        OnnxJavaType type = half ? OnnxJavaType.FLOAT16 : OnnxJavaType.FLOAT;
        SingleOp.Builder builder = SingleOp.of(half ? "MatMulF16" : "MatMulF32")
                .input(OnnxJavaType.FLOAT, 2)
                .input(type, 3)
                .attribute("K", (long) inputs)
                .attribute("n0", (long) outputs);
        if (leaves) {
            long[] places = new long[9];
            Arrays.setAll(places, i -> (long) i * (inputs / 64) / 8 * 64);
            builder.attribute("leaf_inputs", places);
        }
        int copies = Math.clamp((long) (ROTATED_BYTES / bytes()), 1, 8);
        List<OnnxTensor> tensors = new ArrayList<>();
        tensors.add(Tensors.floats(Tensors.pattern(rows * inputs), rows, inputs));
        tensors.add(Tensors.floats(new float[rows * outputs], rows, outputs));
        for (int copy = 0; copy < copies; copy++) {
            tensors.add(Tensors.over(filled(copy), type, outputs / 64, inputs, 64));
        }
        return new OpenProduct(builder.open(threads), tensors);
    }

    /** Weights between -2 and 2, in both formats. */
    private ByteBuffer filled(int copy) {
        ByteBuffer bytes = Tensors.direct((long) bytes());
        for (int i = 0; i < bytes.capacity(); i += 4) {
            bytes.putInt(i, (i * 0x9e3779b1 + copy) & 0xbfffbfff);
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
