package belle.export.bundle;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How much an error of each weight of a matrix, and of each two, costs: the sum of x x^T over all rows x that the matrix was
 * multiplied with (Frantar et al., GPTQ, 2022, section 3). Symmetric [inputs, inputs]; not thread-safe.
 */
final class Hessian {
    /** Rows that are taken in together: their pass over the matrix is one. */
    private static final int ROWS = 16;

    private final int inputs;
    /** Row by row, the lower triangle. */
    private final double[][] sums;

    Hessian(int inputs) {
        this.inputs = inputs;
        this.sums = new double[inputs][];
        for (int i = 0; i < inputs; i++) {
            sums[i] = new double[i + 1];
        }
    }

    int inputs() {
        return inputs;
    }

    /** Takes in rows [count, inputs], one behind the other. */
    void add(float[] rows) {
        int count = rows.length / inputs;
        for (int from = 0; from < count; from += ROWS) {
            int first = from;
            int end = Math.min(count, from + ROWS);
            IntStream.range(0, inputs).parallel().forEach(i -> {
                double[] sum = sums[i];
                for (int row = first; row < end; row++) {
                    int at = row * inputs;
                    double factor = rows[at + i];
                    for (int j = 0; j <= i; j++) {
                        sum[j] += factor * rows[at + j];
                    }
                }
            });
        }
    }

    double at(int i, int j) {
        return i >= j ? sums[i][j] : sums[j][i];
    }

    /** Whether an input was zero in all rows: its weights say nothing. */
    boolean isDead(int input) {
        return sums[input][input] == 0;
    }

    /** Returns the inputs by falling size of their activations; equal ones by number. */
    List<Integer> byActivation() {
        return IntStream.range(0, inputs)
                .boxed()
                .sorted(Comparator.comparingDouble(input -> -sums[input][input]))
                .toList();
    }

    /** Returns (w - q) H (w - q)^T: what replacing the output's weights by {@code quantised} costs. */
    double cost(float[] weights, float[] quantised) {
        double cost = 0;
        for (int i = 0; i < inputs; i++) {
            double own = (double) weights[i] - quantised[i];
            double row = 0;
            for (int j = 0; j < i; j++) {
                row += sums[i][j] * ((double) weights[j] - quantised[j]);
            }
            cost += own * (2 * row + sums[i][i] * own);
        }
        return cost;
    }
}
