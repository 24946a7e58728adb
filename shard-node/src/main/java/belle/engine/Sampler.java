package belle.engine;

import belle.proto.SamplingParams;

/**
 * Draws a token from a row of logits: temperature, top-k, top-p, min-p, then one random number.
 *
 * <p>Everything from the logits on is computed in double precision, over ids sorted by (logit descending, id ascending).
 * The draw is a function of the row, the parameters, the choice and the position alone. Each filter sees what the one
 * before it left, renormalised, as in Hugging Face's chain of warpers.
 */
final class Sampler {
    /** Returned when a row holds a value that is no number, or none that is finite. */
    static final int NOTHING = -1;

    private static final int FIRST_LOOK = 64;

    private final int ids;
    private final TopIds top = new TopIds();
    private double[] weights = new double[FIRST_LOOK];

    /** Draws ids below {@code ids}; what rows hold from there on is padding. */
    Sampler(int ids) {
        this.ids = ids;
    }

    /**
     * Returns the drawn id, or {@link #NOTHING}.
     *
     * @param row logits, adjusted already
     * @param position of the drawn token in its sequence
     */
    int draw(float[] row, SamplingParams params, int choice, int position) {
        float best = largest(row);
        if (!Float.isFinite(best)) {
            return NOTHING;
        }
        if (params.temperature() == 0 || params.topK() == 1) {
            return first(best, row);
        }
        int limit = params.topK() == 0 ? ids : Math.min(params.topK(), ids);
        double total = limit < ids ? Double.NaN : sum(row, best, params.temperature());
        double uniform = Philox.uniform(params.seed(), choice, position);
        for (int look = limit < ids ? limit : Math.min(FIRST_LOOK, ids); ; look = (int) Math.min(limit, 8L * look)) {
            top.select(row, ids, look);
            weigh(best, params.temperature());
            boolean all = look == limit;
            int drawn = draw(params, limit < ids ? sum() : total, uniform, all);
            if (drawn != NOTHING || all) {
                return drawn;
            }
        }
    }

    /** Returns the largest logit; not a number when any of them is none. Compiled to vector instructions. */
    private float largest(float[] row) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int id = 0; id < ids; id++) {
            largest = Math.max(largest, row[id]);
        }
        return largest;
    }

    private static int first(float logit, float[] row) {
        int id = 0;
        while (row[id] != logit) {
            id++;
        }
        return id;
    }

    /** Sets the selected ids' weights relative to the best one, which weighs 1. */
    private void weigh(float best, double temperature) {
        if (weights.length < top.size()) {
            weights = new double[top.size()];
        }
        for (int rank = 0; rank < top.size(); rank++) {
            weights[rank] = Math.exp(((double) top.logit(rank) - best) / temperature);
        }
    }

    /** Draws among the selected; {@link #NOTHING} when that cannot be decided without seeing more ids. */
    private int draw(SamplingParams params, double total, double uniform, boolean all) {
        int kept = 0;
        double mass = 0;
        while (kept < top.size() && weights[kept] >= params.minP() && (kept == 0 || mass < params.topP() * total)) {
            mass += weights[kept++];
        }
        boolean cut = kept < top.size() || all;
        if (!cut && (params.topP() < 1 || params.minP() > 0)) {
            return NOTHING; // the filters may keep more than was looked at
        }
        double target = uniform * (cut ? mass : total);
        double passed = 0;
        for (int rank = 0; rank < kept; rank++) {
            passed += weights[rank];
            if (passed > target) {
                return top.id(rank);
            }
        }
        return cut ? top.id(kept - 1) : NOTHING;
    }

    private double sum() {
        double sum = 0;
        for (int rank = 0; rank < top.size(); rank++) {
            sum += weights[rank];
        }
        return sum;
    }

    /** Sums the weights of all ids, in the order of the ids. */
    private double sum(float[] row, float best, double temperature) {
        double sum = 0;
        for (int id = 0; id < ids; id++) {
            sum += Math.exp(((double) row[id] - best) / temperature);
        }
        return sum;
    }
}
