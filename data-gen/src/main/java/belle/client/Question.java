package belle.client;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.OptionalLong;

/**
 * One request for text.
 *
 * @param temperature 0 is greedy
 * @param stop texts at which the answer ends; they are not part of it
 * @param seed of the server's sampling, where it has one
 */
public record Question(
        Api api,
        String model,
        String prompt,
        int maxTokens,
        double temperature,
        double topP,
        List<String> stop,
        OptionalLong seed)
        implements Request {
    public Question {
        stop = List.copyOf(stop);
    }

    @Override
    public ObjectNode body(ObjectMapper json) {
        ObjectNode body = json.createObjectNode()
                .put("model", model)
                .put("max_tokens", maxTokens)
                .put("temperature", temperature)
                .put("top_p", topP);
        switch (api) {
            case COMPLETION -> body.put("prompt", prompt);
            case CHAT ->
                body.putArray("messages").addObject().put("role", "user").put("content", prompt);
        }
        if (!stop.isEmpty()) {
            stop.forEach(body.putArray("stop")::add);
        }
        seed.ifPresent(value -> body.put("seed", value));
        return body;
    }
}
