package belle.kernels;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import belle.kernels.bench.SingleOp;
import belle.kernels.bench.Tensors;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A random product of quantised weights, [N][K] as the plain loop wants them and in blocks as the op does.
 *
 * @param leafInputs multiples of {@code group}, or K
 * @param order which input each one is, or none
 */
record QuantisedCase(
        int bits,
        int group,
        int activationGroup,
        int inputs,
        List<Part> parts,
        List<Integer> leafInputs,
        List<Integer> order)
        implements TestedProduct {
    private static final int TILE = 64;

    /** One matrix: [N][K] codes, [N][groups] zeros and scales. */
    static final class Part {
        private final int outputs;
        private final int[] codes;
        private final int[] zeros;
        private final float[] scales;

        Part(Random random, int outputs, int inputs, int groups, int bits) {
            this.outputs = outputs;
            codes = random.ints((long) outputs * inputs, 0, 1 << bits).toArray();
            zeros = random.ints((long) outputs * groups, 0, (1 << bits) + (bits == 4 ? 1 : 0))
                    .toArray();
            scales = new float[outputs * groups];
            for (int i = 0; i < scales.length; i++) {
                scales[i] = random.nextFloat() / 16;
            }
        }

        int outputs() {
            return outputs;
        }

        /** Makes every code {@code code} and every zero 0. */
        void fill(int code) {
            Arrays.fill(codes, code);
            Arrays.fill(zeros, 0);
        }
    }

    static QuantisedCase random(Random random, int inputs, boolean leaves) {
        int bits = random.nextBoolean() ? 4 : 8;
        int group = 32 << random.nextInt(3);
        int activationGroup = Math.min(group, 32 << random.nextInt(3));
        int groups = (inputs + group - 1) / group;
        List<Part> parts = IntStream.rangeClosed(0, leaves ? 0 : random.nextInt(3))
                .mapToObj(_ -> new Part(random, 1 + random.nextInt(150), inputs, groups, bits))
                .toList();
        List<Integer> places = leaves
                ? Arrays.stream(MatMulCase.eightLeaves(inputs, group)).boxed().toList()
                : List.of(0, inputs);
        List<Integer> order = new ArrayList<>(IntStream.range(0, inputs).boxed().toList());
        Collections.shuffle(order, random);
        return new QuantisedCase(
                bits,
                group,
                activationGroup,
                inputs,
                parts,
                places,
                random.nextInt(4) == 0 ? List.copyOf(order) : List.of());
    }

    @Override
    public int width() {
        return parts.stream().mapToInt(part -> part.outputs).sum();
    }

    private int groups() {
        return (inputs + group - 1) / group;
    }

    @Override
    public SingleOp open(int threads) throws OrtException {
        SingleOp.Builder builder = SingleOp.of("MatMulQ" + bits)
                .input(OnnxJavaType.FLOAT, 2)
                .input(OnnxJavaType.UINT8, 3)
                .missing();
        for (int part = 1; part < 3; part++) {
            if (part < parts.size()) {
                builder.input(OnnxJavaType.UINT8, 3);
            } else {
                builder.missing();
            }
        }
        if (!order.isEmpty()) {
            builder.input(OnnxJavaType.INT32, 1);
        }
        builder.attribute("K", inputs).attribute("group", group).attribute("activation_group", activationGroup);
        for (int part = 0; part < parts.size(); part++) {
            builder.attribute("n" + part, parts.get(part).outputs);
        }
        if (leafInputs.size() > 2) {
            builder.attribute(
                    "leaf_inputs", leafInputs.stream().mapToLong(i -> i).toArray());
        }
        return builder.open(threads);
    }

    @Override
    public float[] run(SingleOp op, float[] x) throws OrtException {
        @Nullable OnnxTensor[] tensors = new @Nullable OnnxTensor[6];
        tensors[0] = Tensors.floats(x, x.length / inputs, inputs);
        for (int part = 0; part < parts.size(); part++) {
            tensors[part == 0 ? 1 : part + 2] = tensor(parts.get(part));
        }
        if (!order.isEmpty()) {
            tensors[5] = Tensors.ints(order.stream().mapToInt(i -> i).toArray(), inputs);
        }
        return Ops.run(op, tensors);
    }

    /** The first matrix as the ops have it: [tiles][groups][bytes of a block]. */
    OnnxTensor table() throws OrtException {
        return tensor(parts.getFirst());
    }

    private OnnxTensor tensor(Part part) throws OrtException {
        ByteBuffer blocks = blocks(part);
        int tiles = (part.outputs + TILE - 1) / TILE;
        return Tensors.over(
                blocks, OnnxJavaType.UINT8, tiles, groups(), blocks.capacity() / Math.max(1, tiles * groups()));
    }

    /** Returns a number of the first matrix. */
    float weight(int output, int input) {
        Part part = parts.getFirst();
        int of = output * groups() + input / group;
        return (part.codes[output * inputs + input] - part.zeros[of]) * part.scales[of];
    }

    /** Leaf by leaf, tile by tile, group by group: codes, scales, zeros. */
    private ByteBuffer blocks(Part part) {
        int tiles = (part.outputs + TILE - 1) / TILE;
        ByteBuffer blocks = Tensors.direct((long) tiles * groups() * TILE * (group * bits / 8 + 5));
        for (int leaf = 0; leaf + 1 < leafInputs.size(); leaf++) {
            int begin = (leafInputs.get(leaf) + group - 1) / group;
            int end = (leafInputs.get(leaf + 1) + group - 1) / group;
            for (int tile = 0; tile < tiles; tile++) {
                for (int at = begin; at < end; at++) {
                    block(part, tile, at, blocks);
                }
            }
        }
        return blocks.rewind();
    }

    private void block(Part part, int tile, int at, ByteBuffer out) {
        for (int i = 0; i < group * bits / 32; i++) {
            for (int column = tile * TILE; column < tile * TILE + TILE; column++) {
                for (int j = 0; j < 4; j++) {
                    int k = at * group + i * 32 / bits + j;
                    int code = code(part, column, k);
                    out.put((byte) (bits == 8 ? code : code | code(part, column, k + 4) << 4));
                }
            }
        }
        for (int column = tile * TILE; column < tile * TILE + TILE; column++) {
            out.putFloat(column < part.outputs ? part.scales[column * groups() + at] : 0);
        }
        for (int column = tile * TILE; column < tile * TILE + TILE; column++) {
            out.put((byte) (column < part.outputs ? part.zeros[column * groups() + at] : 0));
        }
    }

    private int code(Part part, int column, int k) {
        return column < part.outputs && k < inputs ? part.codes[column * inputs + k] : 0;
    }

    /** What the contract says, in a plain loop: exact integers in a group of activations, one FMA a group, leaves as a tree. */
    @Override
    public float[] naive(float[] x) {
        int rows = x.length / inputs;
        float[] y = new float[rows * width()];
        for (int row = 0; row < rows; row++) {
            float[] own = new float[groups() * group];
            for (int i = 0; i < inputs; i++) {
                own[i] = x[row * inputs + (order.isEmpty() ? i : order.get(i))];
            }
            int column = row * width();
            for (Part part : parts) {
                for (int n = 0; n < part.outputs; n++) {
                    y[column++] = tree(part, n, own);
                }
            }
        }
        return y;
    }

    private float tree(Part part, int n, float[] x) {
        float[] sums = new float[leafInputs.size() - 1];
        for (int leaf = 0; leaf < sums.length; leaf++) {
            int begin = (leafInputs.get(leaf) + group - 1) / group * group;
            int end = (leafInputs.get(leaf + 1) + group - 1) / group * group;
            for (int k = begin; k < end; k += activationGroup) {
                sums[leaf] = chunk(part, n, x, k, sums[leaf]);
            }
        }
        for (int step = 1; step < sums.length; step *= 2) {
            for (int i = 0; i < sums.length; i += 2 * step) {
                sums[i] += sums[i + step];
            }
        }
        return sums[0];
    }

    private float chunk(Part part, int n, float[] x, int first, float sum) {
        float most = 0;
        for (int k = first; k < first + activationGroup; k++) {
            most = Math.max(most, Math.abs(x[k]));
        }
        int scale = n * groups() + first / group;
        long dot = 0;
        for (int k = first; k < first + activationGroup && most > 1e-30f; k++) {
            long code = (long) Math.rint((double) x[k] * (127 / most));
            dot += code * (code(part, n, k) - part.zeros[scale]);
        }
        return Math.fma((float) dot, part.scales[scale] * (most > 1e-30f ? most / 127 : 0), sum);
    }
}
