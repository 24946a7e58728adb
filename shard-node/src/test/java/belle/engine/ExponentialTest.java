package belle.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ExponentialTest {
    private static final MathContext PRECISE = new MathContext(60);

    @Test
    void isWithinTwoUnitsOfStrictMathOverTheWholeRange() {
        double[] values = new SplittableRandom(1).doubles(1_000_000, -708.3, 0).toArray();
        double[] results = values.clone();
        new Exponential().apply(results, results.length);
        for (int i = 0; i < values.length; i++) {
            double expected = StrictMath.exp(values[i]); // itself within one unit
            assertThat(Math.abs(results[i] - expected) <= 2 * Math.ulp(expected))
                    .as("e^%s is %s, StrictMath has %s", values[i], results[i], expected)
                    .isTrue();
        }
    }

    @Test
    void isWithinOneUnitOfTheTruth() {
        var random = new SplittableRandom(2);
        for (int i = 0; i < 3_000; i++) {
            double x = i % 3 == 0
                    ? -708 * random.nextDouble()
                    : i % 3 == 1 ? -random.nextDouble() : -0x1.62e42fefa39efp-1 * (random.nextInt(40) + 0.5);
            BigDecimal truth = truth(x);
            BigDecimal error = new BigDecimal(one(x)).subtract(truth).abs();
            assertThat(error.compareTo(new BigDecimal(Math.ulp(truth.doubleValue()))) < 0)
                    .as("e^%s is %s and should be %s", x, one(x), truth.doubleValue())
                    .isTrue();
        }
    }

    @Test
    void nothingIsLeftOfWhatUnderflows() {
        assertThat(one(Double.NEGATIVE_INFINITY)).isZero();
        assertThat(one(-Double.MAX_VALUE)).isZero();
        assertThat(one(-745)).isZero();
        assertThat(one(-709)).isZero();
        assertThat(one(-708.3)).isGreaterThanOrEqualTo(Double.MIN_NORMAL);
    }

    @Test
    void theEdgesAreExact() {
        assertThat(one(0.0)).isEqualTo(1);
        assertThat(one(-0.0)).isEqualTo(1);
        assertThat(one(-Double.MIN_VALUE)).isEqualTo(1);
        assertThat(one(Double.NaN)).isNaN();
    }

    @Test
    void aValueDoesNotDependOnItsPlaceOrItsNeighbours() {
        double[] values = new SplittableRandom(3).doubles(5_000, -50, 0).toArray();
        double[] results = values.clone();
        var exponential = new Exponential();
        for (int i = 0; i < 500; i++) { // long enough to be compiled, so that both loops are vectors
            results = values.clone();
            exponential.apply(results, results.length);
        }
        double[] alone = Arrays.stream(values).map(ExponentialTest::one).toArray();
        assertThat(results).isEqualTo(alone);
    }

    @Test
    void leavesWhatIsBehindTheCountAlone() {
        double[] values = {-1, -2, -3};
        new Exponential().apply(values, 2);
        assertThat(values[2]).isEqualTo(-3);
    }

    private static double one(double x) {
        double[] value = {x};
        new Exponential().apply(value, 1);
        return value[0];
    }

    /** e^x by the series of x / 1024, squared ten times. */
    private static BigDecimal truth(double x) {
        BigDecimal small = new BigDecimal(x).divide(BigDecimal.valueOf(1024), PRECISE);
        BigDecimal term = BigDecimal.ONE;
        BigDecimal sum = BigDecimal.ONE;
        for (int i = 1; i < 60; i++) {
            term = term.multiply(small, PRECISE).divide(BigDecimal.valueOf(i), PRECISE);
            sum = sum.add(term, PRECISE);
        }
        for (int i = 0; i < 10; i++) {
            sum = sum.multiply(sum, PRECISE);
        }
        return sum.round(new MathContext(50, RoundingMode.HALF_EVEN));
    }
}
