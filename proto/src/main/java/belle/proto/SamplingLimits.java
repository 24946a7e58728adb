package belle.proto;

import java.util.ArrayList;
import java.util.List;

/** The ranges of {@link SamplingParams}, field by field. */
final class SamplingLimits {
    private final List<Failure.Invalid> problems = new ArrayList<>();

    private SamplingLimits() {}

    static List<Failure.Invalid> problems(SamplingParams p) {
        var limits = new SamplingLimits();
        limits.range("max_tokens", p.maxTokens(), 0, Integer.MAX_VALUE);
        limits.range("temperature", p.temperature(), 0, 2);
        limits.range("top_k", p.topK(), 0, Integer.MAX_VALUE);
        limits.range("top_p", p.topP(), 0, 1);
        limits.range("min_p", p.minP(), 0, 1);
        limits.range("repetition_penalty", p.repetitionPenalty(), 0.01, 10);
        limits.range("presence_penalty", p.presencePenalty(), -2, 2);
        limits.range("frequency_penalty", p.frequencyPenalty(), -2, 2);
        limits.range("top_logprobs", p.topLogprobs(), -1, SamplingParams.MAX_TOP_LOGPROBS);
        limits.range("n", p.n(), 1, SamplingParams.MAX_CHOICES);
        limits.range("stop (count)", p.stop().size(), 0, SamplingParams.MAX_STOP_STRINGS);
        limits.range("logit_bias (count)", p.logitBias().size(), 0, SamplingParams.MAX_LOGIT_BIASES);
        for (String stop : p.stop()) {
            limits.range("stop (characters)", stop.length(), 1, 256);
        }
        for (var bias : p.logitBias().entrySet()) {
            limits.range("logit_bias." + bias.getKey(), bias.getValue(), -100, 100);
        }
        return List.copyOf(limits.problems);
    }

    private void range(String field, double value, double least, double most) {
        if (!(value >= least && value <= most)) {
            problems.add(new Failure.Invalid(
                    field,
                    field + " must be between " + plain(least) + " and " + plain(most) + ", but is " + plain(value)));
        }
    }

    private static String plain(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? Long.toString((long) value)
                : Double.toString(value);
    }
}
