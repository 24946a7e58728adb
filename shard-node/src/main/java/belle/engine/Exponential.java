package belle.engine;

/**
 * e^x for x of at most 0, in double precision, the same bits on every machine.
 *
 * <p>Only additions, multiplications, {@link Math#fma} and the making of a power of two from its exponent's bits, each of
 * which IEEE 754 fixes; unlike {@link StrictMath#exp} the loop over many values runs in vector registers. x = k ln 2 + r
 * with |r| of at most ln 2 / 2 (Cody and Waite, "Software manual for the elementary functions", chapter 6); e^r is its
 * Taylor polynomial of degree 13, whose rest is below 2^-57.
 *
 * <p>The error is below one unit in the last place. Results below 2^-1022, that is x below about -708.7, become 0; so does
 * negative infinity. NaN stays NaN.
 */
final class Exponential {
    /** Values of one pass, so that their exponents stay in the nearest cache. */
    private static final int PASS = 1024;

    /** Below this nothing changes any more. */
    private static final double LEAST = -1000;

    private static final double LOG2_E = 0x1.71547652b82fep0;
    private static final double LN2_HIGH = 0x1.62e42fefa39efp-1;
    private static final double LN2_LOW = 0x1.abc9e3b39803fp-56;
    /** Added and taken away again, rounds to a whole number. */
    private static final double ROUNDING = 0x1.8p52;

    private final double[] x = new double[PASS];
    private final double[] exponents = new double[PASS];

    /** Replaces each x of {@code values[0, count)} by e^x. */
    void apply(double[] values, int count) {
        for (int from = 0; from < count; from += PASS) {
            int size = Math.min(PASS, count - from);
            // Own arrays with one index: the compiler sees that no iteration reads what another writes.
            System.arraycopy(values, from, x, 0, size);
            split(x, exponents, size);
            scale(x, exponents, size);
            System.arraycopy(x, 0, values, from, size);
        }
    }

    /** The part that fills vector registers: leaves e^r in place of x, and k in {@code exponents}. */
    private static void split(double[] values, double[] exponents, int count) {
        for (int i = 0; i < count; i++) {
            double x = Math.max(values[i], LEAST);
            double k = Math.fma(x, LOG2_E, ROUNDING) - ROUNDING;
            double r = Math.fma(k, -LN2_LOW, Math.fma(k, -LN2_HIGH, x));
            exponents[i] = k;
            values[i] = polynomial(r);
        }
    }

    /** Multiplies by 2^k. */
    private static void scale(double[] values, double[] exponents, int count) {
        for (int i = 0; i < count; i++) {
            int biased = Math.max(0, (int) exponents[i] + Double.MAX_EXPONENT);
            values[i] *= Double.longBitsToDouble((long) biased << 52);
        }
    }

    private static double polynomial(double r) {
        double sum = Math.fma(1 / 6_227_020_800.0, r, 1 / 479_001_600.0);
        sum = Math.fma(sum, r, 1 / 39_916_800.0);
        sum = Math.fma(sum, r, 1 / 3_628_800.0);
        sum = Math.fma(sum, r, 1 / 362_880.0);
        sum = Math.fma(sum, r, 1 / 40_320.0);
        sum = Math.fma(sum, r, 1 / 5_040.0);
        sum = Math.fma(sum, r, 1 / 720.0);
        sum = Math.fma(sum, r, 1 / 120.0);
        sum = Math.fma(sum, r, 1 / 24.0);
        sum = Math.fma(sum, r, 1 / 6.0);
        sum = Math.fma(sum, r, 1 / 2.0);
        sum = Math.fma(sum, r, 1);
        return Math.fma(sum, r, 1);
    }
}
