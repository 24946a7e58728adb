package belle.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MassesTest {
    static LongStream seeds() {
        Long one = Long.getLong("seed");
        return one != null ? LongStream.of(one) : LongStream.range(0, 200);
    }

    @ParameterizedTest(name = "-Dseed={0}")
    @MethodSource("seeds")
    void findsWhatARunningSumOverAllSortedCandidatesFinds(long seed) {
        var random = new SplittableRandom(seed);
        float[] logits = logits(random, 1 + random.nextInt(random.nextBoolean() ? 5 : 3_000));
        double temperature = 0.01 + 3 * random.nextDouble() * random.nextDouble();
        double least = random.nextBoolean() ? 0 : random.nextDouble() * random.nextDouble();
        Integer[] order = order(logits);
        long[] expected = masses(logits, logits[order[0]], temperature);

        var masses = new Masses();
        masses.weigh(logits, logits.length, logits[order[0]], temperature);
        assertThat(masses.total()).isEqualTo(Arrays.stream(expected).sum());
        masses.dropBelow(least);
        drop(expected, logits, logits[order[0]], temperature, least);
        long total = Arrays.stream(expected).sum();
        assertThat(masses.total()).isEqualTo(total);

        for (int i = 0; i < 20; i++) {
            long wanted = i == 0 ? 1 : i == 1 ? total : 1 + random.nextLong(total);
            assertThat(masses.reach(wanted)).as("%s of %s", wanted, total).isEqualTo(reach(expected, order, wanted));
        }
    }

    @Test
    void theBestWeighsOneAndWhatIsFarBelowNothing() {
        var masses = new Masses();
        masses.weigh(new float[] {-40, 2, Float.NEGATIVE_INFINITY, 2, -28}, 5, 2, 1);
        assertThat(masses.total()).isEqualTo(2 * Masses.ONE);
        masses.weigh(new float[] {1, 0}, 2, 1, Double.MIN_VALUE);
        assertThat(masses.total()).isEqualTo(Masses.ONE);
    }

    @Test
    void aSumThatIsNeverReachedIsABug() {
        var masses = new Masses();
        masses.weigh(new float[] {0}, 1, 0, 1);
        assertThatThrownBy(() -> masses.reach(Masses.ONE + 1)).isInstanceOf(IllegalArgumentException.class);
    }

    private static Masses.Found reach(long[] masses, Integer[] order, long wanted) {
        long sum = 0;
        for (int place : order) {
            sum += masses[place];
            if (sum >= wanted) {
                return new Masses.Found(place, sum);
            }
        }
        throw new AssertionError("never reached");
    }

    private static Integer[] order(float[] logits) {
        return IntStream.range(0, logits.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> 0.0 + logits[i])
                        .reversed()
                        .thenComparingInt(i -> i))
                .toArray(Integer[]::new);
    }

    private static long[] masses(float[] logits, double best, double temperature) {
        double[] weights = weights(logits, best, temperature);
        return Arrays.stream(weights)
                .mapToLong(weight -> (long) (weight * Masses.ONE))
                .toArray();
    }

    private static void drop(long[] masses, float[] logits, double best, double temperature, double least) {
        double[] weights = weights(logits, best, temperature);
        Arrays.setAll(masses, i -> weights[i] < least ? 0 : masses[i]);
    }

    private static double[] weights(float[] logits, double best, double temperature) {
        double[] weights = new double[logits.length];
        Arrays.setAll(weights, i -> (logits[i] - best) / temperature);
        new Exponential().apply(weights, weights.length);
        return weights;
    }

    /** Coarse or fine, flat or peaked, some of them banned. */
    private static float[] logits(SplittableRandom random, int size) {
        float[] logits = new float[size];
        boolean coarse = random.nextBoolean();
        double width = Math.exp(8 * random.nextDouble() - 4);
        for (int i = 0; i < size; i++) {
            double logit = width * (random.nextDouble() - 0.5);
            logits[i] = (float) (coarse ? Math.rint(logit) : logit);
        }
        for (int banned = random.nextInt(3); banned > 0; banned--) {
            logits[random.nextInt(size)] = size > 3 ? Float.NEGATIVE_INFINITY : 0;
        }
        return logits;
    }
}
