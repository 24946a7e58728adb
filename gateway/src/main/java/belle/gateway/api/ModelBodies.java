package belle.gateway.api;

import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.proto.node.NodeQuery.ModelInfo;
import belle.proto.node.NodeQuery.Tokenized;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.Optional;

/** The small bodies: models, tokenize, detokenize. */
public final class ModelBodies {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private ModelBodies() {}

    /** A checked {@code POST /tokenize}. */
    public record TokenizeRequest(String model, Prompt prompt) {
        /** Reads the body; a fault is a {@link FailureException}. */
        public static TokenizeRequest of(JsonNode body) {
            GenerationRequest.checked(RequestFields.TOKENIZE, body);
            return new TokenizeRequest(
                    body.get("model").textValue(),
                    body.path("prompt").isTextual()
                            ? new Prompt.Text(body.get("prompt").textValue())
                            : GenerationRequest.conversation(body.get("messages")));
        }
    }

    /** A checked {@code POST /detokenize}. */
    public record DetokenizeRequest(String model, Tokens tokens) {
        /** Reads the body; a fault is a {@link FailureException}. */
        public static DetokenizeRequest of(JsonNode body) {
            GenerationRequest.checked(RequestFields.DETOKENIZE, body);
            return new DetokenizeRequest(body.get("model").textValue(), GenerationRequest.tokens(body.get("tokens")));
        }

        /** Refuses ids that the model does not have. */
        public Optional<Failure> unknownToken(ModelInfo model) {
            return GenerationRequest.unknownToken("tokens", tokens, model);
        }
    }

    /** Returns the list of models, by id. */
    public static ObjectNode models(Collection<ModelInfo> models) {
        ObjectNode body = JSON.objectNode().put("object", "list");
        ArrayNode data = body.putArray("data");
        models.forEach(model -> data.add(model(model)));
        return body;
    }

    /** Returns one model. */
    public static ObjectNode model(ModelInfo model) {
        ObjectNode body = JSON.objectNode()
                .put("id", model.id())
                .put("object", "model")
                .put("created", model.createdEpochSeconds())
                .put("owned_by", "belle")
                .put("max_model_len", model.contextTokens())
                .put("vocabulary", model.vocabulary())
                .put("architecture", model.architecture())
                .put("weights", model.weights())
                .put("embedded", model.embedded())
                .put("chat", model.chat());
        SamplingParams defaults = model.defaults();
        body.putObject("defaults")
                .put("temperature", defaults.temperature())
                .put("top_p", defaults.topP())
                .put("top_k", defaults.topK())
                .put("repetition_penalty", defaults.repetitionPenalty());
        return body;
    }

    /** Returns the ids of a text and the text of each. */
    public static ObjectNode tokenized(Tokenized answer, ModelInfo model) {
        ObjectNode body =
                JSON.objectNode().put("count", answer.ids().size()).put("max_model_len", model.contextTokens());
        ArrayNode tokens = body.putArray("tokens");
        for (int i = 0; i < answer.ids().size(); i++) {
            tokens.add(answer.ids().get(i));
        }
        answer.pieces().forEach(body.putArray("pieces")::add);
        return body;
    }

    /** Returns a text; under two names, as clients of other servers expect {@code prompt}. */
    public static ObjectNode detokenized(String text) {
        return JSON.objectNode().put("text", text).put("prompt", text);
    }
}
