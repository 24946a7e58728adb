package belle.client;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * A request for the log-probabilities of texts' own tokens: a completion of no tokens that echoes its prompts. {@link Answer#scored} holds what came,
 * in the texts' order.
 *
 * @param texts at least one
 */
public record Scoring(String model, List<String> texts) implements Request {
    public Scoring {
        texts = List.copyOf(texts);
    }

    @Override
    public Api api() {
        return Api.COMPLETION;
    }

    @Override
    public ObjectNode body(ObjectMapper json) {
        ObjectNode body = json.createObjectNode()
                .put("model", model)
                .put("max_tokens", 0)
                .put("temperature", 0)
                .put("echo", true)
                .put("logprobs", 0);
        texts.forEach(body.putArray("prompt")::add);
        return body;
    }
}
