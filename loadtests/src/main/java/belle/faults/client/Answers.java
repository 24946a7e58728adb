package belle.faults.client;

import belle.faults.history.Answer;
import belle.faults.history.Piece;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.StreamSupport;

/** Reads what the server writes: whole answers, and the data of events. */
final class Answers {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private Answers() {}

    /** Reads JSON; something that is none becomes a missing node. */
    static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            return JsonNodeFactory.instance.missingNode();
        }
    }

    /** Returns the message of an error object, or "". */
    static String message(String body) {
        return json(body).at("/error/message").asText();
    }

    /** Reads a whole answer; {@code withUsage} false leaves usage out. */
    static Answer whole(JsonNode body) {
        List<JsonNode> choices = new ArrayList<>();
        body.path("choices").forEach(choices::add);
        choices.sort(Comparator.comparingInt(choice -> choice.path("index").asInt()));
        return new Answer(
                choices.stream()
                        .map(choice -> new Answer.Choice(
                                text(choice, "message"),
                                logprobs(choice),
                                choice.path("finish_reason").asText()))
                        .toList(),
                body.at("/usage/prompt_tokens").asInt(),
                body.at("/usage/completion_tokens").asInt());
    }

    /** Reads the data of one event: none, one or several pieces. */
    static List<Piece> pieces(String event, String data) {
        if (data.equals("[DONE]")) {
            return List.of(new Piece.End());
        }
        JsonNode body = json(data);
        if (event.equals("error") || body.has("error")) {
            return List.of(new Piece.Broken(
                    body.at("/error/code").asText(), body.at("/error/message").asText()));
        }
        List<Piece> pieces = new ArrayList<>();
        for (JsonNode choice : body.path("choices")) {
            int index = choice.path("index").asInt();
            List<String> logprobs = logprobs(choice);
            if (choice.path("finish_reason").isTextual()) {
                pieces.add(new Piece.Finish(
                        index,
                        text(choice, "delta"),
                        choice.path("finish_reason").asText()));
            } else {
                pieces.add(new Piece.Text(index, text(choice, "delta"), logprobs));
            }
        }
        if (body.path("usage").isObject()) {
            pieces.add(new Piece.Usage(
                    body.at("/usage/prompt_tokens").asInt(),
                    body.at("/usage/completion_tokens").asInt()));
        }
        return pieces;
    }

    private static String text(JsonNode choice, String chatField) {
        JsonNode chat = choice.path(chatField);
        return chat.isObject()
                ? chat.path("content").asText("")
                : choice.path("text").asText("");
    }

    /** One text a token in either of the two shapes. */
    private static List<String> logprobs(JsonNode choice) {
        JsonNode given = choice.path("logprobs");
        if (given.path("content").isArray()) {
            return StreamSupport.stream(given.path("content").spliterator(), false)
                    .map(JsonNode::toString)
                    .toList();
        }
        List<String> tokens = new ArrayList<>();
        for (int i = 0; i < given.path("tokens").size(); i++) {
            tokens.add(JsonNodeFactory.instance
                    .arrayNode()
                    .add(given.path("tokens").get(i))
                    .add(given.path("token_logprobs").get(i))
                    .add(given.path("top_logprobs").get(i))
                    .add(given.path("text_offset").get(i))
                    .toString());
        }
        return tokens;
    }
}
