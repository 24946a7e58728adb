package belle.engine;

import belle.proto.Failure;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import java.util.Optional;

/** What makes a request impossible, whatever the load. */
final class RequestRules {
    private RequestRules() {}

    /** Returns the first thing wrong with {@code request}, with the limit and what was given. */
    static Optional<Failure> problem(
            GenerationRequest request, EngineConfig config, ModelFacts model, int contextTokens) {
        SamplingParams params = request.params();
        Tokens prompt = request.prompt();
        if (!params.problems().isEmpty()) {
            return Optional.of(params.problems().getFirst());
        }
        if (prompt.isEmpty()) {
            return invalid("prompt", "prompt must have at least 1 token, but has 0");
        }
        for (int i = 0; i < prompt.size(); i++) {
            if (prompt.get(i) < 0 || prompt.get(i) >= model.vocabulary()) {
                return invalid("prompt", range("prompt[" + i + "]", model, prompt.get(i)));
            }
        }
        for (int id : params.logitBias().keySet()) {
            if (id < 0 || id >= model.vocabulary()) {
                return invalid("logit_bias", range("logit_bias", model, id));
            }
        }
        int sequences = config.maxSequences() + config.maxWaiting();
        if (params.n() > sequences) {
            return invalid("n", "n must be at most " + sequences + " here, but is " + params.n());
        }
        if ((long) prompt.size() + params.maxTokens() > contextTokens) {
            return Optional.of(new Failure.TooLong(prompt.size(), params.maxTokens(), contextTokens));
        }
        return Optional.empty();
    }

    private static String range(String field, ModelFacts model, int id) {
        return field + ": token ids lie between 0 and " + (model.vocabulary() - 1) + ", but " + id + " was given";
    }

    private static Optional<Failure> invalid(String param, String message) {
        return Optional.of(new Failure.Invalid(param, message));
    }
}
