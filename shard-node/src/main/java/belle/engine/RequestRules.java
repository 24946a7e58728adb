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
        Optional<Failure> wrongGiven = wrongGiven(request, model);
        if (wrongGiven.isPresent()) {
            return wrongGiven;
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

    private static Optional<Failure> wrongGiven(GenerationRequest request, ModelFacts model) {
        int n = request.params().n();
        if (!request.given().isEmpty() && request.given().size() != n) {
            return invalid(
                    "given",
                    "given must have tokens of n = " + n + " choices, but has "
                            + request.given().size());
        }
        for (Tokens given : request.given()) {
            if (given.size() > request.params().maxTokens()) {
                return invalid(
                        "given",
                        "a choice was given " + given.size() + " tokens, max_tokens is "
                                + request.params().maxTokens());
            }
            for (int i = 0; i < given.size(); i++) {
                if (given.get(i) < 0 || given.get(i) >= model.vocabulary()) {
                    return invalid("given", range("given[" + i + "]", model, given.get(i)));
                }
            }
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
