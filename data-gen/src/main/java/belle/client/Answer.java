package belle.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a model said.
 *
 * @param finishReason {@code stop}, {@code length} or whatever else the server calls it; empty if it does not say
 * @param promptTokens as the server counted them, 0 if it did not
 * @param completionTokens likewise
 * @param scored all choices with their tokens, where {@link Scoring} asked for them; else none
 */
public record Answer(
        String text, String finishReason, long promptTokens, long completionTokens, List<ScoredText> scored) {
    public Answer {
        scored = List.copyOf(scored);
    }

    /** An answer to a question. */
    public Answer(String text, String finishReason, long promptTokens, long completionTokens) {
        this(text, finishReason, promptTokens, completionTokens, List.of());
    }

    public long tokens() {
        return promptTokens + completionTokens;
    }

    /** Reads a response's body; empty where it has no text in the place where OpenAI's interface puts it. */
    static Optional<Answer> read(ObjectMapper json, byte[] body, Api api) {
        JsonNode root;
        try {
            root = json.readTree(new String(body, StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
        JsonNode choice = root.path("choices").path(0);
        JsonNode text = api == Api.CHAT ? choice.path("message").path("content") : choice.path("text");
        if (!text.isTextual()) {
            return Optional.empty();
        }
        List<ScoredText> scored = new ArrayList<>();
        for (JsonNode each : root.path("choices")) {
            if (each.path("logprobs").has("tokens")) {
                scored.add(ScoredText.read(each));
            }
        }
        JsonNode usage = root.path("usage");
        return Optional.of(new Answer(
                text.asText(),
                choice.path("finish_reason").asText(""),
                usage.path("prompt_tokens").asLong(0),
                usage.path("completion_tokens").asLong(0),
                scored));
    }
}
