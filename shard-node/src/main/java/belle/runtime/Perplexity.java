package belle.runtime;

import belle.proto.TokenLogprob;
import belle.proto.Tokens;
import java.util.List;

/**
 * How well a model predicts a text.
 *
 * @param predicted tokens that were predicted from those before them
 * @param sumNll sum of {@code -ln p(token | tokens before it)} over them
 */
public record Perplexity(int predicted, double sumNll) {

    /**
     * Scores a text of any length in windows of a whole context, each begun with {@code begin} (LLaMA's BOS) when that is
     * not empty, else with the window's own first token, which is then not predicted.
     */
    public static Perplexity of(LocalGenerator generator, Tokens begin, Tokens text) {
        int window = generator.contextTokens() - begin.size();
        int predicted = 0;
        double sum = 0;
        for (int from = 0; from < text.size(); from += window) {
            Tokens part = begin.plus(text.slice(from, Math.min(text.size(), from + window)));
            List<TokenLogprob> scores = generator.score(part);
            for (TokenLogprob score : scores.subList(Math.max(1, begin.size()), scores.size())) {
                sum -= score.logprob();
                predicted++;
            }
        }
        return new Perplexity(predicted, sum);
    }

    /** {@code exp(sumNll / predicted)}; NaN when nothing was predicted. */
    public double perplexity() {
        return Math.exp(sumNll / predicted);
    }
}
