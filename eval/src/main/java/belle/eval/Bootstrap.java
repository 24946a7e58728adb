package belle.eval;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** Intervals of means, and whether one model is better than another, by drawing again from what there is (Efron 1979; Koehn 2004). */
final class Bootstrap {
    private static final int DRAWS = 2000;

    private final long seed;

    /** The same seed gives the same numbers. */
    Bootstrap(long seed) {
        this.seed = seed;
    }

    /** A mean and its 95% interval. */
    record Interval(double mean, double low, double high) {}

    /** {@code values} has at least one. */
    Interval mean(double[] values) {
        double[] means = means(values);
        Arrays.sort(means);
        return new Interval(
                Arrays.stream(values).average().orElseThrow(),
                means[(int) (0.025 * DRAWS)],
                means[(int) (0.975 * DRAWS) - 1]);
    }

    /**
     * Compares two models on the same questions.
     *
     * @return the two-sided p-value of the mean difference being 0
     */
    double pValue(double[] a, double[] b) {
        double[] differences = new double[a.length];
        Arrays.setAll(differences, i -> a[i] - b[i]);
        double observed = Math.abs(Arrays.stream(differences).average().orElseThrow());
        RandomGenerator random = RandomGeneratorFactory.getDefault().create(seed);
        int extreme = 0;
        for (int draw = 0; draw < DRAWS; draw++) {
            double sum = 0;
            for (double difference : differences) {
                sum += random.nextBoolean() ? difference : -difference;
            }
            extreme += Math.abs(sum / differences.length) >= observed - 1e-12 ? 1 : 0;
        }
        return (extreme + 1.0) / (DRAWS + 1.0);
    }

    private double[] means(double[] values) {
        RandomGenerator random = RandomGeneratorFactory.getDefault().create(seed);
        double[] means = new double[DRAWS];
        for (int draw = 0; draw < DRAWS; draw++) {
            double sum = 0;
            for (int i = 0; i < values.length; i++) {
                sum += values[random.nextInt(values.length)];
            }
            means[draw] = sum / values.length;
        }
        return means;
    }
}
