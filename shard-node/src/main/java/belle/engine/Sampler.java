package belle.engine;

import belle.proto.SamplingParams;

/**
 * Draws a token from a row of logits: temperature, top-k, top-p, min-p, then one random number.
 *
 * <p>Everything from the logits on is the same bits on every machine: {@link Masses} over ids sorted by (logit descending,
 * id ascending). The draw is a function of the row, the parameters, the choice and the position alone. Each filter sees
 * what the one before it left, renormalised, as in Hugging Face's chain of warpers.
 */
final class Sampler {
    /** Returned when a row holds a value that is no number, or none that is finite. */
    static final int NOTHING = -1;

    private final int ids;
    private final TopIds top = new TopIds();
    private final Masses masses = new Masses();
    private float[] topLogits = new float[64];

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
            return drawFromBest(row, params, uniform);
        }
        int best = best(row);
        return best == NOTHING ? NOTHING : drawFrom(row, ids, row[best], params, uniform);
    }

    private int drawFromBest(float[] row, SamplingParams params, double uniform) {
        top.select(row, ids, params.topK());
        int size = top.size();
        if (size == 0) {
            return NOTHING;
        }
        if (topLogits.length < size) {
            topLogits = new float[size];
        }
        for (int rank = 0; rank < size; rank++) {
            topLogits[rank] = top.logit(rank);
        }
        return top.id(drawFrom(topLogits, size, topLogits[0], params, uniform));
    }

    /** Returns the drawn one's place among {@code logits[0, candidates)}. */
    private int drawFrom(float[] logits, int candidates, float best, SamplingParams params, double uniform) {
        masses.weigh(logits, candidates, best, params.temperature());
        long nucleus = params.topP() < 1 ? (long) Math.ceil(params.topP() * masses.total()) : Long.MAX_VALUE;
        if (params.minP() > 0) {
            masses.dropBelow(params.minP());
        }
        long kept = masses.total();
        if (nucleus < kept) {
            kept = masses.reach(Math.max(1, nucleus)).sum();
        }
        long passed = Math.min((long) (uniform * kept), kept - 1);
        return masses.reach(passed + 1).place();
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
}
