package belle.gateway.api;

import belle.gateway.schema.ShapeCheck;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.SamplingParams;
import belle.proto.node.NodeQuery.ModelInfo;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Turns the checked fields of a request into sampling parameters: the model's defaults, then what the request says. */
public final class SamplingFields {
    /** What a completion gets that names no {@code max_tokens}, as OpenAI has it; a chat gets the model's default. */
    static final int COMPLETION_TOKENS = 16;

    private SamplingFields() {}

    /**
     * Returns the parameters of a request; a fault is a {@link FailureException}.
     *
     * @param drawnSeed the seed for a request that names none
     */
    public static SamplingParams of(GenerationRequest request, ModelInfo model, long drawnSeed) {
        JsonNode body = request.body();
        SamplingParams defaults = model.defaults();
        var params = new SamplingParams(
                maxTokens(request, defaults),
                decimal(body, "temperature", defaults.temperature()),
                whole(body, "top_k", defaults.topK()),
                decimal(body, "top_p", defaults.topP()),
                decimal(body, "min_p", defaults.minP()),
                decimal(body, "repetition_penalty", defaults.repetitionPenalty()),
                decimal(body, "presence_penalty", defaults.presencePenalty()),
                decimal(body, "frequency_penalty", defaults.frequencyPenalty()),
                logitBias(body.path("logit_bias"), model),
                ShapeCheck.whole(body.path("seed")).orElse(drawnSeed),
                topLogprobs(request),
                stop(body.path("stop")),
                body.path("ignore_eos").asBoolean(defaults.ignoreEos()),
                whole(body, "n", 1));
        params.problems().stream().findFirst().ifPresent(problem -> {
            throw new FailureException(problem);
        });
        return params;
    }

    private static int maxTokens(GenerationRequest request, SamplingParams defaults) {
        int unnamed = switch (request.kind()) {
            case CHAT -> defaults.maxTokens();
            case COMPLETION -> COMPLETION_TOKENS;
        };
        return whole(request.body(), "max_completion_tokens", whole(request.body(), "max_tokens", unnamed));
    }

    /** Returns -1 for no log-probabilities at all, else the number of alternatives. */
    private static int topLogprobs(GenerationRequest request) {
        JsonNode body = request.body();
        return switch (request.kind()) {
            case COMPLETION -> whole(body, "logprobs", -1);
            case CHAT -> {
                boolean wanted = body.path("logprobs").asBoolean(false);
                int alternatives = whole(body, "top_logprobs", 0);
                if (!wanted && alternatives > 0) {
                    throw new FailureException(new Failure.Invalid(
                            "top_logprobs", "top_logprobs is " + alternatives + ", but logprobs is not true"));
                }
                yield wanted ? alternatives : -1;
            }
        };
    }

    private static List<String> stop(JsonNode stop) {
        List<String> texts = new ArrayList<>();
        if (stop.isTextual()) {
            texts.add(stop.textValue());
        }
        stop.forEach(text -> texts.add(text.textValue()));
        return texts;
    }

    private static Map<Integer, Double> logitBias(JsonNode biases, ModelInfo model) {
        Map<Integer, Double> byId = new HashMap<>();
        for (var entry : biases.properties()) {
            int id = Integer.parseInt(entry.getKey());
            if (id >= model.vocabulary()) {
                throw new FailureException(new Failure.Invalid(
                        "logit_bias",
                        "logit_bias has the token id " + id + ", but ids of " + model.id() + " are below "
                                + model.vocabulary()));
            }
            byId.put(id, entry.getValue().doubleValue());
        }
        return byId;
    }

    private static double decimal(JsonNode body, String field, double unnamed) {
        return body.path(field).asDouble(unnamed);
    }

    private static int whole(JsonNode body, String field, int unnamed) {
        return ShapeCheck.whole(body.path(field)).map(Math::toIntExact).orElse(unnamed);
    }
}
