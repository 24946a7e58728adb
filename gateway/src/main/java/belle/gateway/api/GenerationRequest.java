package belle.gateway.api;

import belle.gateway.schema.Shape;
import belle.gateway.schema.ShapeCheck;
import belle.proto.ChatMessage;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.Prompt;
import belle.proto.Tokens;
import belle.proto.node.NodeQuery.ModelInfo;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A checked request for a chat or a completion.
 *
 * @param prompts one for a chat; one or more for a completion
 * @param echo puts the prompt before the answer
 * @param session as the body names it
 * @param body the checked JSON, for {@link SamplingFields}
 */
public record GenerationRequest(
        StreamName.Kind kind,
        String model,
        List<Prompt> prompts,
        boolean echo,
        boolean stream,
        boolean includeUsage,
        Optional<String> user,
        Optional<String> session,
        JsonNode body) {

    public GenerationRequest {
        prompts = List.copyOf(prompts);
    }

    /** Reads the body of {@code POST /v1/chat/completions}; a fault is a {@link FailureException}. */
    public static GenerationRequest chat(JsonNode body) {
        checked(RequestFields.CHAT, body);
        return read(StreamName.Kind.CHAT, List.of(conversation(body.get("messages"))), body);
    }

    /** Reads the body of {@code POST /v1/completions}; a fault is a {@link FailureException}. */
    public static GenerationRequest completion(JsonNode body) {
        checked(RequestFields.COMPLETION, body);
        return read(StreamName.Kind.COMPLETION, prompts(body.get("prompt")), body);
    }

    /** Holds a body against its table; a fault is a {@link FailureException}. */
    static void checked(Shape table, JsonNode body) {
        ShapeCheck.check(table, "", body).ifPresent(fault -> {
            throw new FailureException(fault);
        });
    }

    /** Refuses prompt ids that the model does not have. */
    public Optional<Failure> unknownToken(ModelInfo model) {
        return prompts.stream()
                .flatMap(prompt -> switch (prompt) {
                    case Prompt.Ids(Tokens ids) -> unknownToken("prompt", ids, model).stream();
                    case Prompt.Text _, Prompt.Chat _ -> Stream.<Failure>empty();
                })
                .findFirst();
    }

    /** Refuses ids that the model does not have; {@code field} is where they came from. */
    static Optional<Failure> unknownToken(String field, Tokens ids, ModelInfo model) {
        for (int i = 0; i < ids.size(); i++) {
            if (ids.get(i) >= model.vocabulary()) {
                return Optional.of(new Failure.Invalid(
                        field,
                        field + " has the token id " + ids.get(i) + ", but ids of " + model.id() + " are below "
                                + model.vocabulary()));
            }
        }
        return Optional.empty();
    }

    private static GenerationRequest read(StreamName.Kind kind, List<Prompt> prompts, JsonNode body) {
        return new GenerationRequest(
                kind,
                body.get("model").textValue(),
                prompts,
                flag(body, "echo") && kind == StreamName.Kind.COMPLETION,
                flag(body, "stream"),
                flag(body.path("stream_options"), "include_usage"),
                optionalText(body, "user"),
                optionalText(body, "session_id"),
                body);
    }

    static Prompt conversation(JsonNode messages) {
        List<ChatMessage> conversation = new ArrayList<>();
        for (JsonNode message : messages) {
            String role = message.get("role").textValue();
            conversation.add(
                    new ChatMessage(role.equals("developer") ? "system" : role, content(message.path("content"))));
        }
        return new Prompt.Chat(conversation);
    }

    private static String content(JsonNode content) {
        return content.isArray()
                ? StreamSupport.stream(content.spliterator(), false)
                        .map(part -> part.get("text").textValue())
                        .collect(Collectors.joining("\n"))
                : content.asText("");
    }

    private static List<Prompt> prompts(JsonNode prompt) {
        if (prompt.isTextual() || prompt.get(0).isNumber()) {
            return List.of(prompt(prompt));
        }
        List<Prompt> prompts = new ArrayList<>();
        prompt.forEach(one -> prompts.add(prompt(one)));
        return prompts;
    }

    private static Prompt prompt(JsonNode prompt) {
        return prompt.isTextual() ? new Prompt.Text(prompt.textValue()) : new Prompt.Ids(tokens(prompt));
    }

    static Tokens tokens(JsonNode ids) {
        int[] values = new int[ids.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = ids.get(i).intValue();
        }
        return Tokens.of(values);
    }

    private static boolean flag(JsonNode body, String field) {
        return body.path(field).asBoolean(false);
    }

    private static Optional<String> optionalText(JsonNode body, String field) {
        return Optional.ofNullable(body.path(field).textValue());
    }
}
