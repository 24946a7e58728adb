package belle.gateway.grpc;

import belle.gateway.api.StreamName;
import belle.gateway.work.Part;
import belle.proto.FailureException;
import belle.proto.session.StreamEvent;
import belle.v1.Delta;
import belle.v1.Done;
import belle.v1.Event;
import belle.v1.FinishReason;
import belle.v1.Finished;
import belle.v1.Prompt;
import belle.v1.Started;
import belle.v1.TokenLogprob;
import belle.v1.Usage;
import java.util.List;

/** A stream's events as messages. */
final class EventMessages {
    private EventMessages() {}

    /** Returns what is told first, without a seed. */
    static Started.Builder started(Part part) {
        StreamName name = part.name();
        return Started.newBuilder()
                .setSessionId(name.session())
                .setModel(part.begun().accepted().model())
                .setCreated(part.created())
                .setPromptTokens(part.begun().accepted().promptTokens());
    }

    static Event first(StreamName stream, Started started) {
        return Event.newBuilder()
                .setStream(stream.toString())
                .setIndex(-1)
                .setStarted(started)
                .build();
    }

    /** Returns the message of an event; a broken stream is a {@link FailureException}. */
    static Event of(StreamEvent.Indexed event) {
        Event.Builder message = Event.newBuilder().setStream(event.stream()).setIndex(event.index());
        return switch (event) {
            case StreamEvent.PromptScored scored ->
                message.setPrompt(Prompt.newBuilder().addAllTokens(logprobs(scored.tokens())))
                        .build();
            case StreamEvent.Delta delta -> message.setDelta(delta(delta)).build();
            case StreamEvent.Finished finished ->
                message.setFinished(Finished.newBuilder()
                                .setChoice(finished.choice())
                                .setText(finished.text())
                                .setReason(reason(finished.reason())))
                        .build();
            case StreamEvent.Done done ->
                message.setDone(Done.newBuilder().setUsage(usage(done.usage()))).build();
            case StreamEvent.Failed failed -> throw new FailureException(failed.failure());
        };
    }

    private static Delta.Builder delta(StreamEvent.Delta event) {
        var delta = Delta.newBuilder()
                .setChoice(event.choice())
                .setText(event.text())
                .addAllLogprobs(logprobs(event.logprobs()));
        for (int i = 0; i < event.ids().size(); i++) {
            delta.addTokenIds(event.ids().get(i));
        }
        return delta;
    }

    static List<TokenLogprob> logprobs(List<belle.proto.TokenLogprob> tokens) {
        return tokens.stream().map(EventMessages::logprob).toList();
    }

    private static TokenLogprob logprob(belle.proto.TokenLogprob token) {
        var message = TokenLogprob.newBuilder().setId(token.id()).setText(token.text());
        if (!Double.isNaN(token.logprob())) {
            message.setLogprob(token.logprob());
        }
        token.top()
                .forEach(other -> message.addTop(TokenLogprob.newBuilder()
                        .setId(other.id())
                        .setText(other.text())
                        .setLogprob(other.logprob())));
        return message.build();
    }

    static FinishReason reason(belle.proto.FinishReason reason) {
        return switch (reason) {
            case STOP -> FinishReason.FINISH_REASON_STOP;
            case LENGTH -> FinishReason.FINISH_REASON_LENGTH;
        };
    }

    static Usage usage(belle.proto.Usage usage) {
        return Usage.newBuilder()
                .setPromptTokens(usage.promptTokens())
                .setCachedTokens(usage.cachedTokens())
                .setCompletionTokens(usage.completionTokens())
                .build();
    }
}
