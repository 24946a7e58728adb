package belle.engine;

import belle.proto.TokenLogprob;
import belle.proto.TokenLogprob.Alternative;
import java.util.ArrayList;
import java.util.List;

/**
 * Log-probabilities under the model's own distribution: the log-softmax of a raw row, in double precision and one fixed
 * order, which gives the same bits on every machine.
 */
final class Scoring {
    private static final int LANES = 8;

    private final ModelFacts model;
    private final TopIds top = new TopIds();
    private final Exponential exponential = new Exponential();
    private final double[] terms;

    Scoring(ModelFacts model) {
        this.model = model;
        terms = new double[model.vocabulary()];
    }

    /** Returns ln of the sum of exp over the whole row, padding included, as the model was trained. */
    double logSumExp(float[] row) {
        int count = model.vocabulary();
        float most = Float.NEGATIVE_INFINITY;
        for (int id = 0; id < count; id++) {
            if (row[id] > most) {
                most = row[id];
            }
        }
        for (int id = 0; id < count; id++) {
            terms[id] = (double) row[id] - most;
        }
        exponential.apply(terms, count);
        return most + StrictMath.log(sum(terms));
    }

    /** Sums in eight lanes, by the index modulo 8, and those as a tree: no addition waits for the one before it. */
    private static double sum(double[] terms) {
        double[] lanes = new double[LANES];
        int whole = terms.length / LANES * LANES;
        for (int i = 0; i < whole; i += LANES) {
            for (int lane = 0; lane < LANES; lane++) {
                lanes[lane] += terms[i + lane];
            }
        }
        for (int i = whole; i < terms.length; i++) {
            lanes[i - whole] += terms[i];
        }
        return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
    }

    /** Returns the best {@code count} ids of a raw row, best first. */
    List<Alternative> best(float[] row, int count, double logSumExp) {
        List<Alternative> best = new ArrayList<>();
        if (count > 0) {
            top.select(row, model.tokens(), count);
            for (int rank = 0; rank < top.size(); rank++) {
                int id = top.id(rank);
                best.add(new Alternative(id, text(id), top.logit(rank) - logSumExp));
            }
        }
        return best;
    }

    /** Returns the entry of one id. */
    TokenLogprob entry(int id, double logprob, List<Alternative> best) {
        return new TokenLogprob(id, text(id), logprob, best);
    }

    private String text(int id) {
        return TokenDecoder.text(model.bytes(), id);
    }
}
