package belle.export.bundle;

import belle.proto.Check;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The upper triangular U with U^T U = H^-1 of a damped Hessian: row i says how an error of input i is made good by the inputs
 * behind it (GPTQ, section 3.3, the Cholesky form). H = R R^T with R upper triangular, from the last column to the first; then
 * U = R^-1. In float64; each number's sum has one order, whatever the threads.
 */
final class InverseFactor {
    /** Columns that are eliminated together, and columns of the inverse that are worked out together. */
    private static final int BLOCK = 64;
    /** Rows that one thread works on at a time. */
    private static final int ROWS = 64;
    /** Numbers of a row that are worked on at a time: those of a block's columns stay in the processor's cache. */
    private static final int STRIP = 256;
    /** Rows that are subtracted in one go. */
    private static final int TOGETHER = 8;

    private InverseFactor() {}

    /**
     * Returns U, row by row from the diagonal on: {@code [i][j - i]}.
     *
     * @param order which of the Hessian's inputs each input is
     * @param damping added to the diagonal
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
        int[] from = order.stream().mapToInt(i -> i).toArray();
        double[][] h = new double[n][];
        IntStream.range(0, n).parallel().forEach(i -> {
            h[i] = new double[i + 1];
            for (int j = 0; j <= i; j++) {
                h[i][j] = hessian.at(from[i], from[j]);
            }
            h[i][i] = (hessian.isDead(from[i]) ? 1 : h[i][i]) + damping;
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
                subtract(h[i], column, column[i], 0, i + 1);
            }
        }
        IntStream.range(0, Math.ceilDiv(begin, ROWS)).parallel().forEach(rows -> {
            int last = Math.min(begin, (rows + 1) * ROWS);
            double[] factors = new double[end - begin];
            for (int from = 0; from < last; from += STRIP) {
                for (int i = rows * ROWS; i < last; i++) {
                    for (int k = begin; k < end; k++) {
                        factors[k - begin] = h[k][i];
                    }
                    subtract(h[i], h, begin, factors, factors.length, from, Math.min(i + 1, from + STRIP));
                }
            }
        });
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
            invert(r, begin, Math.min(n, begin + BLOCK), u);
        });
        return u;
    }

    /** Columns {@code [begin, end)} of U. What the rows below give is taken off some rows at a time, then their own. */
    private static void invert(double[][] r, int begin, int end, float[][] u) {
        int width = end - begin;
        double[][] columns = new double[end][width];
        double[][] factors = new double[TOGETHER][BLOCK];
        for (int i = begin; i < end; i++) {
            columns[i][i - begin] = 1;
        }
        for (int last = end; last > 0; last -= TOGETHER) {
            int first = Math.max(0, last - TOGETHER);
            for (int k = last; k < end; k += BLOCK) {
                int count = Math.min(BLOCK, end - k);
                for (int of = 0; of < count; of++) {
                    for (int i = first; i < last; i++) {
                        factors[i - first][of] = r[k + of][i];
                    }
                }
                for (int i = first; i < last; i++) {
                    subtract(columns[i], columns, k, factors[i - first], count, 0, width);
                }
            }
            for (int i = last - 1; i >= first; i--) {
                double[] row = columns[i];
                for (int k = i + 1; k < last; k++) {
                    subtract(row, columns[k], r[k][i], 0, width);
                }
                for (int j = 0; j < width; j++) {
                    row[j] /= r[i][i];
                    if (begin + j >= i) {
                        u[i][begin + j - i] = (float) row[j];
                    }
                }
            }
        }
    }

    /** Takes {@code factors[k]} times {@code rows[first + k]} off {@code row}, for all k in ascending order. */
    private static void subtract(
            double[] row, double[][] rows, int first, double[] factors, int count, int from, int to) {
        int k = 0;
        for (; k + TOGETHER <= count; k += TOGETHER) {
            eight(row, rows, first + k, factors, k, from, to);
        }
        for (; k < count; k++) {
            subtract(row, rows[first + k], factors[k], from, to);
        }
    }

    /** Eight of them, so that {@code row} is read and written once. */
    private static void eight(double[] row, double[][] rows, int first, double[] factors, int k, int from, int to) {
        double[] a = rows[first];
        double[] b = rows[first + 1];
        double[] c = rows[first + 2];
        double[] d = rows[first + 3];
        double[] e = rows[first + 4];
        double[] f = rows[first + 5];
        double[] g = rows[first + 6];
        double[] h = rows[first + 7];
        double p = factors[k];
        double q = factors[k + 1];
        double s = factors[k + 2];
        double t = factors[k + 3];
        double v = factors[k + 4];
        double w = factors[k + 5];
        double x = factors[k + 6];
        double y = factors[k + 7];
        for (int j = from; j < to; j++) {
            row[j] = row[j] - p * a[j] - q * b[j] - s * c[j] - t * d[j] - v * e[j] - w * f[j] - x * g[j] - y * h[j];
        }
    }

    private static void subtract(double[] row, double[] column, double factor, int from, int to) {
        for (int j = from; j < to; j++) {
            row[j] -= factor * column[j];
        }
    }
}
