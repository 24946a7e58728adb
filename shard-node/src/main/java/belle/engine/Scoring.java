package belle.engine;

import belle.proto.TokenLogprob;
import belle.proto.TokenLogprob.Alternative;
import java.util.ArrayList;
import java.util.List;

/**
 * Log-probabilities under the model's own distribution: the log-softmax of a raw row, in double precision, summed in the
 * order of the ids with {@link StrictMath}, which gives the same bits on every machine.
 */
final class Scoring {
    private final ModelFacts model;
    private final TopIds top = new TopIds();

    Scoring(ModelFacts model) {
        this.model = model;
    }

    /** Returns ln of the sum of exp over the whole row, padding included, as the model was trained. */
    double logSumExp(float[] row) {
        float most = Float.NEGATIVE_INFINITY;
        for (int id = 0; id < model.vocabulary(); id++) {
            most = Math.max(most, row[id]);
        }
        double sum = 0;
        for (int id = 0; id < model.vocabulary(); id++) {
            sum += StrictMath.exp((double) row[id] - most);
        }
        return most + StrictMath.log(sum);
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
