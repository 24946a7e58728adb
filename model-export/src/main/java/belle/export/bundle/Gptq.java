package belle.export.bundle;

import belle.export.checkpoint.QuantisedRows;
import belle.proto.bundle.WeightType;
import java.lang.foreign.Arena;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Quantises one matrix input by input; the error of each is made good by the inputs behind it, as far as their activations
 * go together (Frantar et al., GPTQ, 2022, algorithm 1). A group's grid is taken when its first input is reached. Inputs go in
 * blocks: what a block's errors do to the inputs behind it is one product.
 */
final class Gptq implements AutoCloseable {
    private static final double DAMPING = 0.01;
    private static final int TILE = WeightType.TILE;
    /** Inputs of a block; a multiple of every size of group. */
    private static final int BLOCK = 256;
    /** Inputs that a block's errors are passed on to in one product. */
    private static final int PIECE = 1024;
    /** Outputs that are worked on together. */
    private static final int OUTPUTS = 1024;

    private final Hessian hessian;
    private final int[] order;
    private final double damping;
    private final float[][] factor;
    private final Arena arena = Arena.ofShared();
    private final FloatProduct product = new FloatProduct(BLOCK, PIECE);
    /** Of each block, its rows of the factor behind it, as the product takes them: [pieces][tiles][BLOCK][64]. */
    private final List<FloatBuffer> spread;

    private final FloatBuffer errors = FloatProduct.buffer(arena, OUTPUTS * BLOCK);
    private final FloatBuffer passed = FloatProduct.buffer(arena, OUTPUTS * PIECE);

    /** @param byActivation whether the inputs with the largest activations come first */
    Gptq(Hessian hessian, boolean byActivation) {
        this.hessian = hessian;
        List<Integer> inputs = byActivation
                ? hessian.byActivation()
                : IntStream.range(0, hessian.inputs()).boxed().toList();
        this.order = inputs.stream().mapToInt(i -> i).toArray();
        this.damping = DAMPING * hessian.mean();
        this.factor = InverseFactor.of(hessian, inputs, damping);
        this.spread = IntStream.range(0, Math.ceilDiv(order.length, BLOCK))
                .mapToObj(this::spread)
                .toList();
    }

    private FloatBuffer spread(int block) {
        int first = block * BLOCK;
        int behind = first + BLOCK;
        int pieces = Math.ceilDiv(Math.max(0, order.length - behind), PIECE);
        FloatBuffer tiles = FloatProduct.buffer(arena, pieces * PIECE * BLOCK);
        for (int i = first; behind < order.length && i < behind; i++) {
            for (int j = behind; j < order.length; j += TILE) {
                int at = ((j - behind) / TILE * BLOCK + i - first) * TILE;
                tiles.put(at, factor[i], j - i, Math.min(TILE, order.length - j));
            }
        }
        return tiles;
    }

    /** Which input each one is, in the order of {@link Result#codes}. */
    List<Integer> order() {
        return Arrays.stream(order).boxed().toList();
    }

    /**
     * A quantised matrix.
     *
     * @param codes its rows, inputs in this matrix's order
     * @param relativeError |(w - q) x|^2 / |w x|^2 over the calibration rows x
     */
    record Result(QuantisedRows codes, double relativeError) {}

    /** Reads an output's weights, in the model's order of inputs. */
    interface Source {
        void read(int output, float[] into);
    }

    /** Quantises {@code outputs} rows of {@code source} to {@code bits} bits, {@code group} inputs sharing a scale. */
    Result quantise(Source source, int outputs, int bits, int group) {
        int inputs = order.length;
        QuantisedRows rows = new QuantisedRows(outputs, inputs, Math.ceilDiv(inputs, group));
        double lost = 0;
        double all = 0;
        for (int from = 0; from < outputs; from += OUTPUTS) {
            float[][] plain = new float[Math.min(OUTPUTS, outputs - from)][inputs];
            int first = from;
            IntStream.range(0, plain.length).parallel().forEach(row -> source.read(first + row, plain[row]));
            all += hessian.energy(plain);
            Row[] work = new Row[plain.length];
            Arrays.setAll(work, row -> new Row(plain[row], bits, group, rows, first + row));
            for (int block = 0; block * BLOCK < inputs; block++) {
                int begin = block * BLOCK;
                IntStream.range(0, work.length).parallel().forEach(row -> work[row].quantise(begin, row));
                passOn(work, block);
            }
            lost += Arrays.stream(work).mapToDouble(Row::cost).sum();
        }
        return new Result(rows, all == 0 ? 0 : Math.max(0, lost) / all);
    }

    private void passOn(Row[] work, int block) {
        int behind = (block + 1) * BLOCK;
        for (int from = behind; from < order.length; from += PIECE) {
            int begin = from;
            product.run(work.length, errors, spread.get(block).slice((from - behind) * BLOCK, PIECE * BLOCK), passed);
            IntStream.range(0, work.length).parallel().forEach(row -> work[row].subtract(begin, row));
        }
    }

    /** One output on its way. */
    private final class Row {
        private final float[] plain;
        /** What is left of the weights, in this matrix's order. */
        private final float[] left;

        private final int bits;
        private final int group;
        private final QuantisedRows into;
        private final int output;
        private GroupGrid grid = new GroupGrid(0, 0, 0);
        /** Of the errors, which are the cost by the damped Hessian: (w - q) U^-1 = e, and H + damping = (U^T U)^-1. */
        private double squares;

        private double damped;

        Row(float[] plain, int bits, int group, QuantisedRows into, int output) {
            this.plain = plain;
            this.bits = bits;
            this.group = group;
            this.into = into;
            this.output = output;
            this.left = new float[plain.length];
            for (int i = 0; i < left.length; i++) {
                left[i] = hessian.isDead(order[i]) ? 0 : plain[order[i]];
            }
        }

        /** The block's inputs from {@code begin} on; their errors become row {@code row} of the product. */
        void quantise(int begin, int row) {
            int end = Math.min(left.length, begin + BLOCK);
            float[] own = new float[BLOCK];
            for (int i = begin; i < end; i++) {
                if (i % group == 0) {
                    grid = GroupGrid.of(left, i, Math.min(left.length, i + group), bits);
                    into.setGroup(output, i / group, grid.scale(), grid.zero());
                }
                int code = grid.code(left[i]);
                into.setCode(output, i, code);
                float value = grid.value(code);
                float[] spread = factor[i];
                float error = (left[i] - value) / spread[0];
                for (int j = 1; j < end - i; j++) {
                    left[i + j] -= error * spread[j];
                }
                own[i - begin] = error;
                squares += (double) error * error;
                if (!hessian.isDead(order[i])) {
                    double off = (double) plain[order[i]] - value;
                    damped += off * off;
                }
            }
            errors.put(row * BLOCK, own);
        }

        void subtract(int begin, int row) {
            float[] more = new float[Math.min(PIECE, left.length - begin)];
            passed.get(row * PIECE, more);
            for (int j = 0; j < more.length; j++) {
                left[begin + j] -= more[j];
            }
        }

        /** (w - q) H (w - q)^T. */
        double cost() {
            return squares - damping * damped;
        }
    }

    @Override
    public void close() {
        product.close();
        arena.close();
    }
}
