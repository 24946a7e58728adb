package belle.engine;

import belle.proto.Check;
import java.util.Arrays;

/**
 * How much each candidate for a draw weighs, and where in their order a running sum of it arrives at a value.
 *
 * <p>Candidates have places; their order is by (logit descending, place ascending). A mass is a whole number: {@link #ONE}
 * for the best candidate and {@code exp((logit - best) / temperature)} of that for another, rounded down. Sums of whole
 * numbers are exact in any order. So candidates are only spread over buckets of about equal logits, and those of a bucket
 * are sorted when a running sum arrives there: O(candidates), and what is found is what sorting all of them would find.
 */
final class Masses {
    /** The best candidate's mass. */
    static final long ONE = 1L << 42;

    /** The sum of so many masses is a {@code long}. */
    private static final int MOST_CANDIDATES = 1 << 20;

    /** Buckets per factor of e. Where the last one begins, at e^-32, a mass is 0. */
    private static final int FINENESS = 32;

    private static final int BUCKETS = 32 * FINENESS;

    private final Exponential exponential = new Exponential();
    private final TopIds sorted = new TopIds();
    private final long[] bucketMasses = new long[BUCKETS];
    private double[] weights = new double[0];
    private long[] masses = new long[0];
    private int[] buckets = new int[0];

    private float[] logits = {};
    private int candidates;

    /** A place in the order, and the sum of the masses up to and including it. */
    record Found(int place, long sum) {}

    /**
     * Takes new candidates.
     *
     * @param logits are read until the next call: numbers, the largest of them {@code best}, which is finite
     * @param candidates at least one: places {@code [0, candidates)}
     */
    void weigh(float[] logits, int candidates, float best, double temperature) {
        Check.that(candidates <= MOST_CANDIDATES, "%s candidates, the most is %s", candidates, MOST_CANDIDATES);
        this.logits = logits;
        this.candidates = candidates;
        reserve(candidates);
        for (int i = 0; i < candidates; i++) {
            weights[i] = (logits[i] - (double) best) / temperature;
        }
        for (int i = 0; i < candidates; i++) {
            buckets[i] = Math.min((int) (weights[i] * -FINENESS), BUCKETS - 1);
        }
        exponential.apply(weights, candidates);
        for (int i = 0; i < candidates; i++) {
            masses[i] = (long) (weights[i] * ONE);
        }
        spread();
    }

    /** Leaves no mass to candidates that weigh less than {@code least} of the best one. */
    void dropBelow(double least) {
        for (int i = 0; i < candidates; i++) {
            masses[i] = weights[i] < least ? 0 : masses[i];
        }
        spread();
    }

    /** Returns the sum of all masses, at least {@link #ONE}. */
    long total() {
        long sum = 0;
        for (long mass : bucketMasses) {
            sum += mass;
        }
        return sum;
    }

    /** Returns where the running sum of the masses, in order, is {@code least} or more for the first time. */
    Found reach(long least) {
        long sum = 0;
        int bucket = 0;
        while (bucket < BUCKETS - 1 && sum + bucketMasses[bucket] < least) {
            sum += bucketMasses[bucket++];
        }
        sorted.clear();
        for (int i = 0; i < candidates; i++) {
            if (buckets[i] == bucket) {
                sorted.add(logits[i], i);
            }
        }
        sorted.sort();
        for (int rank = 0; rank < sorted.size(); rank++) {
            int place = sorted.id(rank);
            sum += masses[place];
            if (sum >= least) {
                return new Found(place, sum);
            }
        }
        throw new IllegalArgumentException("the masses sum up to " + sum + ", less than " + least);
    }

    private void spread() {
        Arrays.fill(bucketMasses, 0);
        for (int i = 0; i < candidates; i++) {
            bucketMasses[buckets[i]] += masses[i];
        }
    }

    private void reserve(int size) {
        if (weights.length < size) {
            weights = new double[size];
            masses = new long[size];
            buckets = new int[size];
        }
    }
}
