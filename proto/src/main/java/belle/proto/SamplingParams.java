package belle.proto;

import java.util.List;
import java.util.Map;

/**
 * How tokens are drawn and when a choice ends. Validated by {@link #problems()}.
 *
 * @param maxTokens most tokens to generate; {@link Integer#MAX_VALUE}: as many as the context holds
 * @param temperature 0 is greedy
 * @param topK 0 is off
 * @param topP 1 is off
 * @param minP 0 is off
 * @param repetitionPenalty divides positive and multiplies negative logits of ids already in prompt or output (CTRL,
 *     Keskar et al. 2019, section 4.1); 1 is off
 * @param presencePenalty subtracted once from logits of ids already generated; 0 is off
 * @param frequencyPenalty subtracted per earlier generation; 0 is off
 * @param logitBias added to logits, by id
 * @param seed with choice and position the key of the random draws
 * @param topLogprobs alternatives to report per token; -1 reports no log-probability at all
 * @param stop strings that end the text; they are not part of it
 * @param ignoreEos goes on after the model's end token
 * @param n choices for the same prompt
 */
public record SamplingParams(
        int maxTokens,
        double temperature,
        int topK,
        double topP,
        double minP,
        double repetitionPenalty,
        double presencePenalty,
        double frequencyPenalty,
        Map<Integer, Double> logitBias,
        long seed,
        int topLogprobs,
        List<String> stop,
        boolean ignoreEos,
        int n) {

    public static final int MAX_STOP_STRINGS = 16;
    public static final int MAX_CHOICES = 16;
    public static final int MAX_TOP_LOGPROBS = 20;
    public static final int MAX_LOGIT_BIASES = 1024;

    public SamplingParams {
        logitBias = Map.copyOf(logitBias);
        stop = List.copyOf(stop);
    }

    /** Greedy decoding of at most {@code maxTokens} tokens. */
    public static SamplingParams greedy(int maxTokens) {
        return new SamplingParams(maxTokens, 0, 0, 1, 0, 1, 0, 0, Map.of(), 0, -1, List.of(), false, 1);
    }

    /** Returns these parameters with another limit of tokens. */
    public SamplingParams withMaxTokens(int limit) {
        return new SamplingParams(
                limit,
                temperature,
                topK,
                topP,
                minP,
                repetitionPenalty,
                presencePenalty,
                frequencyPenalty,
                logitBias,
                seed,
                topLogprobs,
                stop,
                ignoreEos,
                n);
    }

    /** Returns every field out of range, named as in the HTTP API; empty when all are fine. */
    public List<Failure.Invalid> problems() {
        return SamplingLimits.problems(this);
    }
}
