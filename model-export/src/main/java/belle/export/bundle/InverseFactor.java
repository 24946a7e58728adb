package belle.export.bundle;

import belle.proto.Check;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The upper triangular U with U^T U = H^-1 of a damped Hessian: row i says how an error of input i is made good by the inputs
 * behind it (GPTQ, section 3.3, the Cholesky form). H = R R^T with R upper triangular, from the last column to the first; then
 * U = R^-1.
 */
final class InverseFactor {
    /** Columns that are eliminated together, and columns of the inverse that are worked out together. */
    private static final int BLOCK = 64;

    private InverseFactor() {}

    /**
     * Returns U, row by row from the diagonal on: {@code [i][j - i]}.
     *
     * @param order which of the Hessian's inputs each input is
     * @param damping added to the diagonal, as a part of its mean
     */
    static float[][] of(Hessian hessian, List<Integer> order, double damping) {
        int n = hessian.inputs();
        double[][] r = damped(hessian, order, damping);
        for (int end = n; end > 0; end -= BLOCK) {
            eliminate(r, Math.max(0, end - BLOCK), end);
        }
        return inverted(r);
    }

    /** The lower triangle by rows: the matrix is symmetric, and R's columns are what is walked along. */
    private static double[][] damped(Hessian hessian, List<Integer> order, double damping) {
        int n = hessian.inputs();
        double mean = IntStream.range(0, n)
                .mapToDouble(i -> hessian.isDead(i) ? 1 : hessian.at(i, i))
                .average()
                .orElse(1);
        double[][] h = new double[n][];
        IntStream.range(0, n).parallel().forEach(i -> {
            h[i] = new double[i + 1];
            for (int j = 0; j <= i; j++) {
                h[i][j] = hessian.at(order.get(i), order.get(j));
            }
            h[i][i] = (hessian.isDead(order.get(i)) ? 1 : h[i][i]) + damping * mean;
        });
        return h;
    }

    /** Row k of {@code h} becomes column k of R, for k from {@code end - 1} down to {@code begin}; then the rows above. */
    private static void eliminate(double[][] h, int begin, int end) {
        for (int k = end - 1; k >= begin; k--) {
            double[] column = h[k];
            Check.that(column[k] > 0, "the Hessian is not positive definite at input %s", k);
            double diagonal = Math.sqrt(column[k]);
            for (int i = 0; i < k; i++) {
                column[i] /= diagonal;
            }
            column[k] = diagonal;
            for (int i = begin; i < k; i++) {
                subtract(h[i], column, column[i], i + 1);
            }
        }
        IntStream.range(0, begin).parallel().forEach(i -> {
            for (int k = begin; k < end; k++) {
                subtract(h[i], h[k], h[k][i], i + 1);
            }
        });
    }

    private static void subtract(double[] row, double[] column, double factor, int count) {
        for (int j = 0; j < count; j++) {
            row[j] -= factor * column[j];
        }
    }

    /** Solves R U = 1 from the last row up, blocks of columns side by side. {@code r[k][i]} is R's row i, column k. */
    private static float[][] inverted(double[][] r) {
        int n = r.length;
        float[][] u = new float[n][];
        for (int i = 0; i < n; i++) {
            u[i] = new float[n - i];
        }
        IntStream.range(0, Math.ceilDiv(n, BLOCK)).parallel().forEach(block -> {
            int begin = block * BLOCK;
            int end = Math.min(n, begin + BLOCK);
            double[][] columns = new double[end][end - begin];
            for (int i = end - 1; i >= 0; i--) {
                double[] row = columns[i];
                if (i >= begin) {
                    row[i - begin] = 1;
                }
                for (int k = i + 1; k < end; k++) {
                    subtract(row, columns[k], r[k][i], row.length);
                }
                for (int j = 0; j < row.length; j++) {
                    row[j] /= r[i][i];
                    if (begin + j >= i) {
                        u[i][begin + j - i] = (float) row[j];
                    }
                }
            }
        });
        return u;
    }
}
