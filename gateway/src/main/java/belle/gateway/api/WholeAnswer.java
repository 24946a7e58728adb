package belle.gateway.api;

import belle.proto.Check;
import belle.proto.FinishReason;
import belle.proto.TokenLogprob;
import belle.proto.Usage;
import belle.proto.session.StreamEvent;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Collects the events of an answer's streams (one per prompt) into one JSON body. Not thread-safe. */
public final class WholeAnswer {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final StreamName first;
    private final long created;
    private final String model;
    private final int choicesPerStream;
    private final boolean logprobsWanted;
    private final TreeMap<Integer, Choice> choices = new TreeMap<>();
    private int promptTokens;
    private int cachedTokens;
    private int completionTokens;

    private static final class Choice {
        private final StringBuilder text = new StringBuilder();
        private final List<TokenLogprob> logprobs = new ArrayList<>();
        private @Nullable FinishReason reason;
    }

    /**
     * @param first the name of the answer's first stream
     * @param created when it was asked for, in seconds since 1970
     * @param choicesPerStream n of the request
     */
    public WholeAnswer(StreamName first, long created, String model, int choicesPerStream, boolean logprobsWanted) {
        this.first = first;
        this.created = created;
        this.model = model;
        this.choicesPerStream = choicesPerStream;
        this.logprobsWanted = logprobsWanted;
    }

    /** Adds the choices of a stream, each begun with {@code echo}. */
    public void begin(StreamName stream, String echo) {
        for (int choice = 0; choice < choicesPerStream; choice++) {
            var begun = new Choice();
            begun.text.append(echo);
            choices.put(stream.firstChoice() + choice, begun);
        }
    }

    /** Adds one event of a stream; {@link StreamEvent.Failed} must be dealt with by the caller. */
    public void add(StreamName stream, StreamEvent.Indexed event) {
        switch (event) {
            case StreamEvent.PromptScored scored ->
                choices.subMap(stream.firstChoice(), stream.firstChoice() + choicesPerStream)
                        .values()
                        .forEach(choice -> choice.logprobs.addAll(scored.tokens()));
            case StreamEvent.Delta delta -> {
                Choice choice = choice(stream, delta.choice());
                choice.text.append(delta.text());
                choice.logprobs.addAll(delta.logprobs());
            }
            case StreamEvent.Finished finished -> {
                Choice choice = choice(stream, finished.choice());
                choice.text.append(finished.text());
                choice.reason = finished.reason();
            }
            case StreamEvent.Done(String _, long _, long _, Usage usage) -> {
                promptTokens += usage.promptTokens();
                cachedTokens += usage.cachedTokens();
                completionTokens += usage.completionTokens();
            }
            case StreamEvent.Failed failed -> Check.that(false, "a failed stream has no whole answer: %s", failed);
        }
    }

    /** Returns the answer's body once all streams are done. */
    public ObjectNode body() {
        ObjectNode body = JSON.objectNode()
                .put("id", first.answerId())
                .put("object", first.kind().object())
                .put("created", created)
                .put("model", model);
        ArrayNode all = body.putArray("choices");
        choices.forEach((index, choice) -> all.add(render(index, choice)));
        body.set("usage", StreamRenderer.usage(new Usage(promptTokens, cachedTokens, completionTokens)));
        return body;
    }

    private Choice choice(StreamName stream, int choice) {
        Choice known = choices.get(stream.firstChoice() + choice);
        Check.that(known != null, "stream %s has no choice %d", stream, choice);
        return Objects.requireNonNull(known);
    }

    private ObjectNode render(int index, Choice choice) {
        ObjectNode rendered = JSON.objectNode().put("index", index);
        switch (first.kind()) {
            case CHAT -> {
                rendered.putObject("message")
                        .put("role", "assistant")
                        .put("content", choice.text.toString())
                        .putNull("refusal");
                rendered.set("logprobs", logprobsWanted ? Logprobs.chat(choice.logprobs) : JSON.nullNode());
            }
            case COMPLETION -> {
                rendered.put("text", choice.text.toString());
                rendered.set("logprobs", logprobsWanted ? Logprobs.legacy(choice.logprobs, 0) : JSON.nullNode());
            }
        }
        FinishReason reason = choice.reason;
        return rendered.put("finish_reason", reason == null ? null : StreamRenderer.reason(reason));
    }
}
