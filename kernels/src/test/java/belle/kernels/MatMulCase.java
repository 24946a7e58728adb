package belle.kernels;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import belle.kernels.bench.SingleOp;
import belle.kernels.bench.Tensors;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * A random product: up to three weight parts, with or without bias, one chain or leaves. Weights are kept as [N][K] for
 * the naive loop and laid out in tiles for the op.
 */
final class MatMulCase implements TestedProduct {
    private final boolean half;
    private final int inputs;
    private final int[] outputs;
    private final int[] leafInputs;
    private final float[][] weights;
    private final float[] bias;
    private final boolean hasBias;

    MatMulCase(
            boolean half,
            int inputs,
            int[] outputs,
            int[] leafInputs,
            float[][] weights,
            float[] bias,
            boolean hasBias) {
        this.half = half;
        this.inputs = inputs;
        this.outputs = outputs;
        this.leafInputs = leafInputs;
        this.weights = weights;
        this.bias = bias;
        this.hasBias = hasBias;
    }

    boolean half() {
        return half;
    }

    @Override
    public int inputs() {
        return inputs;
    }

    int[] outputs() {
        return outputs;
    }

    int[] leafInputs() {
        return leafInputs;
    }

    float[][] weights() {
        return weights;
    }

    float[] bias() {
        return bias;
    }

    static MatMulCase random(Random random, boolean half, int inputs, int[] outputs, int[] leafInputs) {
        float[][] weights = new float[outputs.length][];
        for (int part = 0; part < outputs.length; part++) {
            float[] w = Ops.random(random, outputs[part] * inputs);
            weights[part] = half ? Ops.roundedToHalf(w) : w;
        }
        return new MatMulCase(
                half,
                inputs,
                outputs,
                leafInputs,
                weights,
                Ops.random(random, Arrays.stream(outputs).sum()),
                random.nextBoolean());
    }

    /** The eight leaves' places for units of {@code unit} inputs. */
    static int[] eightLeaves(int inputs, int unit) {
        int units = (inputs + unit - 1) / unit;
        int[] places = new int[9];
        for (int i = 0; i <= 8; i++) {
            places[i] = Math.min(inputs, i * units / 8 * unit);
        }
        return places;
    }

    @Override
    public int width() {
        return Arrays.stream(outputs).sum();
    }

    int leaves() {
        return leafInputs.length - 1;
    }

    @Override
    public SingleOp open(int threads) throws OrtException {
        OnnxJavaType type = Ops.weightType(half);
        int rank = 3;
        SingleOp.Builder builder = SingleOp.of(half ? "MatMulF16" : "MatMulF32")
                .input(OnnxJavaType.FLOAT, 2)
                .input(type, rank);
        if (hasBias) {
            builder.input(OnnxJavaType.FLOAT, 1);
        } else {
            builder.missing();
        }
        for (int part = 1; part < outputs.length; part++) {
            builder.input(type, rank);
        }
        builder.attribute("K", inputs);
        for (int part = 0; part < outputs.length; part++) {
            builder.attribute("n" + part, outputs[part]);
        }
        if (leaves() > 1) {
            builder.attribute(
                    "leaf_inputs", Arrays.stream(leafInputs).asLongStream().toArray());
        }
        return builder.open(threads);
    }

    @Override
    public float[] run(SingleOp op, float[] x) throws OrtException {
        OnnxTensor[] tensors = new OnnxTensor[2 + outputs.length];
        tensors[0] = Tensors.floats(x, x.length / inputs, inputs);
        if (hasBias) {
            tensors[2] = Tensors.floats(bias, bias.length);
        }
        for (int part = 0; part < outputs.length; part++) {
            int tiles = (outputs[part] + 63) / 64;
            tensors[part == 0 ? 1 : part + 2] = Ops.weights(half, tiled(part), tiles, inputs, 64);
        }
        return Ops.run(op, tensors);
    }

    /** Leaf by leaf [ceil(N/64)][K of the leaf][64]. */
    private float[] tiled(int part) {
        int n = outputs[part];
        int tiles = (n + 63) / 64;
        float[] tiled = new float[tiles * inputs * 64];
        int at = 0;
        for (int leaf = 0; leaf < leaves(); leaf++) {
            for (int tile = 0; tile < tiles; tile++) {
                for (int k = leafInputs[leaf]; k < leafInputs[leaf + 1]; k++) {
                    for (int column = tile * 64; column < tile * 64 + 64; column++) {
                        tiled[at++] = column < n ? weights[part][column * inputs + k] : 0;
                    }
                }
            }
        }
        return tiled;
    }

    /** What the contract says, in a plain loop: one FMA chain a leaf, leaves along the tree, then the bias. */
    @Override
    public float[] naive(float[] x) {
        int rows = x.length / inputs;
        float[] y = new float[rows * width()];
        float[] sums = new float[leaves()];
        for (int row = 0; row < rows; row++) {
            int column = 0;
            for (int part = 0; part < outputs.length; part++) {
                for (int n = 0; n < outputs[part]; n++, column++) {
                    for (int leaf = 0; leaf < leaves(); leaf++) {
                        float sum = 0;
                        for (int k = leafInputs[leaf]; k < leafInputs[leaf + 1]; k++) {
                            sum = Math.fma(x[row * inputs + k], weights[part][n * inputs + k], sum);
                        }
                        sums[leaf] = sum;
                    }
                    for (int step = 1; step < leaves(); step *= 2) {
                        for (int i = 0; i < leaves(); i += 2 * step) {
                            sums[i] += sums[i + step];
                        }
                    }
                    y[row * width() + column] = hasBias ? sums[0] + bias[column] : sums[0];
                }
            }
        }
        return y;
    }

    /** The plain loop's outputs {@code [from, to)} of each part. */
    float[] naiveOf(float[] x, int[] from, int[] to) {
        float[] all = naive(x);
        int rows = x.length / inputs;
        int own = IntStream.range(0, from.length).map(i -> to[i] - from[i]).sum();
        float[] some = new float[rows * own];
        for (int row = 0; row < rows; row++) {
            int before = 0;
            int at = row * own;
            for (int part = 0; part < outputs.length; part++) {
                int count = to[part] - from[part];
                System.arraycopy(all, row * width() + before + from[part], some, at, count);
                before += outputs[part];
                at += count;
            }
        }
        return some;
    }

    /** The same as the op gives them, of the tiles that they are in. */
    float[] runOf(float[] x, int[] from, int[] to) throws OrtException {
        SingleOp.Builder builder = SingleOp.of(half ? "MatMulF16" : "MatMulF32")
                .input(OnnxJavaType.FLOAT, 2)
                .input(Ops.weightType(half), 3);
        OnnxTensor[] tensors = new OnnxTensor[2 + outputs.length];
        tensors[0] = Tensors.floats(x, x.length / inputs, inputs);
        if (hasBias) {
            builder.input(OnnxJavaType.FLOAT, 1);
            tensors[2] = Tensors.floats(bias, bias.length);
        } else {
            builder.missing();
        }
        long[] skip = new long[3];
        long[] biasAt = new long[3];
        int before = 0;
        for (int part = 0; part < outputs.length; part++) {
            if (part > 0) {
                builder.input(Ops.weightType(half), 3);
            }
            int first = from[part] / 64;
            int end = (to[part] + 63) / 64;
            float[] tiles = Arrays.copyOfRange(tiled(part), first * inputs * 64, end * inputs * 64);
            tensors[part == 0 ? 1 : part + 2] = Ops.weights(half, tiles, end - first, inputs, 64);
            builder.attribute("n" + part, to[part] - from[part]);
            skip[part] = from[part] % 64;
            biasAt[part] = (long) before + from[part];
            before += outputs[part];
        }
        builder.attribute("K", inputs).attribute("skip", skip);
        if (hasBias) {
            builder.attribute("bias_at", biasAt);
        }
        try (SingleOp op = builder.open(2)) {
            return Ops.run(op, tensors);
        }
    }
}
