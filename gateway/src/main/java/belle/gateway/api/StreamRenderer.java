package belle.gateway.api;

import belle.proto.FinishReason;
import belle.proto.TokenLogprob;
import belle.proto.Usage;
import belle.proto.session.Progress;
import belle.proto.session.StreamEvent;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Renders one stream's events as server-sent events in OpenAI's chunk shapes. Not thread-safe. */
public final class StreamRenderer {
    /** A comment that keeps proxies from closing an idle stream. */
    public static final String KEEP_ALIVE = ": keep-alive\n\n";

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final StreamName stream;
    private final long created;
    private final String model;
    private final String echo;
    private final int choices;
    private final Map<Integer, Integer> charactersByChoice = new HashMap<>();

    /**
     * @param created when the answer was asked for, in seconds since 1970
     * @param echo the prompt's text where it is to stand before each choice, else ""
     * @param choices the choices of this stream
     */
    public StreamRenderer(StreamName stream, long created, String model, String echo, int choices) {
        this.stream = stream;
        this.created = created;
        this.model = model;
        this.echo = echo;
        this.choices = choices;
    }

    /** One for the rest of a stream whose client was told {@code known} by another one. */
    public static StreamRenderer behind(Progress known, StreamName stream, long created, String model) {
        var renderer =
                new StreamRenderer(stream, created, model, "", known.choices().size());
        for (int number = 0; number < known.choices().size(); number++) {
            Progress.Choice choice = known.choices().get(number);
            if (known.promptScored() || !choice.ids().isEmpty()) {
                renderer.charactersByChoice.put(number, choice.characters());
            }
        }
        return renderer;
    }

    /** Returns the events to send for one of the session's: none for a delta without anything to tell. */
    public String render(StreamEvent.Indexed event) {
        return switch (event) {
            case StreamEvent.PromptScored scored -> event(scored.index(), promptChunk(scored.tokens()));
            case StreamEvent.Delta delta ->
                delta.text().isEmpty() && delta.logprobs().isEmpty()
                        ? ""
                        : event(delta.index(), chunk(delta.choice(), delta.text(), delta.logprobs()));
            case StreamEvent.Finished finished -> {
                ObjectNode chunk = chunk(finished.choice(), finished.text(), List.of());
                ObjectNode choice = (ObjectNode) chunk.get("choices").get(0);
                yield event(finished.index(), finish(chunk, choice, finished.reason()));
            }
            case StreamEvent.Done done -> usage(done) + done(done.index());
            case StreamEvent.Failed failed -> error(failed);
        };
    }

    /** Returns the {@code [DONE]} of a stream. */
    public String done(long index) {
        return "id: " + stream.eventId(index) + "\ndata: [DONE]\n\n";
    }

    private String error(StreamEvent.Failed failed) {
        ObjectNode body = Errors.of(failed.failure()).body();
        // No id: what would stand in its place had the stream not broken off is still to come, to whoever asks again.
        return "event: error\ndata: " + body + "\n\n";
    }

    /** The usage event shares its id with [DONE]: a reader cut off between the two is sent [DONE] alone. */
    private String usage(StreamEvent.Done done) {
        if (!stream.usage()) {
            return "";
        }
        ObjectNode chunk = chunkHead();
        chunk.putArray("choices");
        chunk.set("usage", usage(done.usage()));
        return event(done.index(), chunk);
    }

    static ObjectNode usage(Usage usage) {
        ObjectNode counts = JSON.objectNode()
                .put("prompt_tokens", usage.promptTokens())
                .put("completion_tokens", usage.completionTokens())
                .put("total_tokens", usage.promptTokens() + usage.completionTokens());
        counts.putObject("prompt_tokens_details").put("cached_tokens", usage.cachedTokens());
        return counts;
    }

    static String reason(FinishReason reason) {
        return reason.name().toLowerCase(Locale.ROOT);
    }

    private String event(long index, ObjectNode data) {
        return "id: " + stream.eventId(index) + "\ndata: " + data + "\n\n";
    }

    private ObjectNode chunkHead() {
        return JSON.objectNode()
                .put("id", stream.answerId())
                .put("object", stream.kind() == StreamName.Kind.CHAT ? "chat.completion.chunk" : "text_completion")
                .put("created", created)
                .put("model", model);
    }

    /** The prompt's tokens belong to every choice. */
    private ObjectNode promptChunk(List<TokenLogprob> tokens) {
        String text = echo.isEmpty() ? tokens.stream().map(TokenLogprob::text).collect(Collectors.joining()) : echo;
        ObjectNode chunk = chunkHead();
        ArrayNode all = chunk.putArray("choices");
        for (int choice = 0; choice < choices; choice++) {
            charactersByChoice.put(choice, TokenLogprob.characters(tokens));
            all.add(completionChoice(choice, text, Logprobs.legacy(tokens, 0)));
        }
        return chunk;
    }

    private ObjectNode chunk(int choice, String text, List<TokenLogprob> logprobs) {
        boolean first = !charactersByChoice.containsKey(choice);
        ObjectNode chunk = chunkHead();
        ArrayNode one = chunk.putArray("choices");
        switch (stream.kind()) {
            case CHAT -> {
                charactersByChoice.put(choice, 0);
                one.add(chatChoice(choice, first, text, logprobs));
            }
            case COMPLETION -> {
                String shown = first ? echo + text : text;
                int offset = charactersByChoice.getOrDefault(choice, Logprobs.characters(echo));
                charactersByChoice.put(choice, offset + TokenLogprob.characters(logprobs));
                JsonNode reported = logprobs.isEmpty() ? JSON.nullNode() : Logprobs.legacy(logprobs, offset);
                one.add(completionChoice(choice, shown, reported));
            }
        }
        return chunk;
    }

    private ObjectNode chatChoice(int choice, boolean first, String text, List<TokenLogprob> logprobs) {
        ObjectNode rendered = JSON.objectNode().put("index", stream.firstChoice() + choice);
        ObjectNode delta = rendered.putObject("delta");
        if (first) {
            delta.put("role", "assistant");
        }
        if (first || !text.isEmpty()) {
            delta.put("content", text);
        }
        rendered.set("logprobs", logprobs.isEmpty() ? JSON.nullNode() : Logprobs.chat(logprobs));
        return rendered.putNull("finish_reason");
    }

    private ObjectNode completionChoice(int choice, String text, JsonNode logprobs) {
        ObjectNode rendered =
                JSON.objectNode().put("index", stream.firstChoice() + choice).put("text", text);
        rendered.set("logprobs", logprobs);
        return rendered.putNull("finish_reason");
    }

    private static ObjectNode finish(ObjectNode chunk, ObjectNode choice, FinishReason reason) {
        choice.put("finish_reason", reason(reason));
        return chunk;
    }
}
