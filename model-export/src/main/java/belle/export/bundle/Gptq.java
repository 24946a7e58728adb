package belle.export.bundle;

import belle.export.checkpoint.QuantisedRows;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Quantises one matrix input by input; the error of each is made good by the inputs behind it, as far as their activations
 * go together (Frantar et al., GPTQ, 2022, algorithm 1). A group's grid is taken when its first input is reached.
 */
final class Gptq {
    private static final double DAMPING = 0.01;
    /** Outputs that share a walk over the factor. */
    private static final int OUTPUTS = 16;

    private final Hessian hessian;
    private final List<Integer> order;
    private final float[][] factor;

    /** @param byActivation whether the inputs with the largest activations come first */
    Gptq(Hessian hessian, boolean byActivation) {
        this.hessian = hessian;
        this.order = byActivation
                ? hessian.byActivation()
                : IntStream.range(0, hessian.inputs()).boxed().toList();
        this.factor = InverseFactor.of(hessian, order, DAMPING);
    }

    /** Which input each one is, in the order of {@link Result#codes}. */
    List<Integer> order() {
        return order;
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
        int inputs = hessian.inputs();
        QuantisedRows rows = new QuantisedRows(outputs, inputs, Math.ceilDiv(inputs, group));
        double[][] costs = IntStream.range(0, Math.ceilDiv(outputs, OUTPUTS))
                .parallel()
                .mapToObj(tile -> {
                    int from = tile * OUTPUTS;
                    return tile(source, from, Math.min(outputs, from + OUTPUTS), bits, group, rows);
                })
                .toArray(double[][]::new);
        double lost = Arrays.stream(costs).mapToDouble(cost -> cost[0]).sum();
        double all = Arrays.stream(costs).mapToDouble(cost -> cost[1]).sum();
        return new Result(rows, all == 0 ? 0 : lost / all);
    }

    /** Returns what the quantisation of these outputs costs, and what dropping them would. */
    private double[] tile(Source source, int from, int to, int bits, int group, QuantisedRows into) {
        int inputs = hessian.inputs();
        float[][] plain = new float[to - from][inputs];
        float[][] left = new float[to - from][inputs];
        float[][] quantised = new float[to - from][inputs];
        for (int row = 0; row < to - from; row++) {
            source.read(from + row, plain[row]);
            for (int i = 0; i < inputs; i++) {
                left[row][i] = hessian.isDead(order.get(i)) ? 0 : plain[row][order.get(i)];
            }
        }
        GroupGrid[] grids = new GroupGrid[to - from];
        for (int i = 0; i < inputs; i++) {
            float[] spread = factor[i];
            for (int row = 0; row < to - from; row++) {
                float[] weights = left[row];
                if (i % group == 0) {
                    grids[row] = GroupGrid.of(weights, i, Math.min(inputs, i + group), bits);
                    into.setGroup(from + row, i / group, grids[row].scale(), grids[row].zero());
                }
                int code = grids[row].code(weights[i]);
                into.setCode(from + row, i, code);
                float value = grids[row].value(code);
                quantised[row][order.get(i)] = value;
                float error = (weights[i] - value) / spread[0];
                for (int j = 1; j < spread.length; j++) {
                    weights[i + j] -= error * spread[j];
                }
            }
        }
        double[] costs = new double[2];
        float[] nothing = new float[inputs];
        for (int row = 0; row < to - from; row++) {
            costs[0] += hessian.cost(plain[row], quantised[row]);
            costs[1] += hessian.cost(plain[row], nothing);
        }
        return costs;
    }
}
