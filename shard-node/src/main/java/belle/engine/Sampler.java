package belle.engine;

import belle.proto.SamplingParams;

/**
 * Draws a token from a row of logits: temperature, top-k, top-p, min-p, then one random number.
 *
 * <p>Everything from the logits on is computed in double precision, over ids sorted by (logit descending, id ascending),
 * with {@link StrictMath}, which gives the same bits on every machine.
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
        if (params.temperature() == 0 || params.topK() == 1) {
            return best(row);
        }
        double uniform = Philox.uniform(params.seed(), choice, position);
        if (0 < params.topK() && params.topK() < ids) {
            top.select(row, ids, params.topK());
            return top.size() == 0 ? NOTHING : drawSelected(params, sumSelected(params.temperature()), uniform, true);
        }
        int best = best(row);
        if (best == NOTHING) {
            return NOTHING;
        }
        double total = sumAll(row, row[best], params.temperature());
        int drawn = NOTHING;
        for (int look = Math.min(FIRST_LOOK, ids); drawn == NOTHING; look = (int) Math.min(ids, 8L * look)) {
            top.select(row, ids, look);
            sumSelected(params.temperature());
            drawn = drawSelected(params, total, uniform, look == ids);
        }
        return drawn;
    }

    /** Returns the id of the largest logit, the lowest of equal ones. */
    private int best(float[] row) {
        int best = NOTHING;
        float most = Float.NEGATIVE_INFINITY;
        for (int id = 0; id < ids; id++) {
            if (!(row[id] <= most)) { // also true of what is no number
                if (!Float.isFinite(row[id])) {
                    return NOTHING;
                }
                most = row[id];
                best = id;
            }
        }
        return best;
    }

    /** Sets the selected ids' weights relative to the best one, which weighs 1, and returns their sum. */
    private double sumSelected(double temperature) {
        if (weights.length < top.size()) {
            weights = new double[top.size()];
        }
        double best = top.logit(0);
        double sum = 0;
        for (int rank = 0; rank < top.size(); rank++) {
            weights[rank] = StrictMath.exp((top.logit(rank) - best) / temperature);
            sum += weights[rank];
        }
        return sum;
    }

    /** Sums the weights of all ids, in the order of the ids. */
    private double sumAll(float[] row, double best, double temperature) {
        double sum = 0;
        for (int id = 0; id < ids; id++) {
            sum += StrictMath.exp((row[id] - best) / temperature);
        }
        return sum;
    }

    /**
     * Draws among the selected.
     *
     * @param total weight of all ids that the filters begin with
     * @param all whether all of them are selected; if not, {@link #NOTHING} asks for more when these do not decide
     */
    private int drawSelected(SamplingParams params, double total, double uniform, boolean all) {
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
}
