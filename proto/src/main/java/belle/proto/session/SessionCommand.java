package belle.proto.session;

import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.Wire;
import java.util.Objects;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;

/** Sent by a gateway to the sharded entity of a session; the entity id is the session id. */
public sealed interface SessionCommand extends Wire {
    EntityTypeKey<SessionCommand> TYPE = EntityTypeKey.create(SessionCommand.class, "session");

    /** The stream that it is about. */
    String stream();

    /** Returns the id of the session that a stream belongs to, which its name begins with; "" for no stream's name. */
    static String sessionOf(String stream) {
        return stream.substring(0, Math.max(0, stream.lastIndexOf('~')));
    }

    /**
     * Starts a turn. Answered by {@link StreamEvent.Accepted} or {@link StreamEvent.Refused}, then events follow.
     *
     * @param stream {@code <session>~<suffix>}, chosen by the gateway, so that any gateway can find the session again
     * @param bundle which bundle of the model computes it, as a session that accepted it has told; "" for the one that is
     *     served when it begins
     * @param tenant whom the work is counted for, in fair queueing
     * @param echoPrompt also reports the prompt's tokens and log-probabilities ({@link StreamEvent.PromptScored})
     * @param asked when the client asked, in milliseconds of the gateway's clock since 1970: names a reader that has no
     *     number yet. Sessions that give no numbers order readers by it
     * @param reading the reader's number, by which sessions tell readers of one stream apart; 0 before a session has
     *     given it one ({@link StreamEvent.Accepted#reading})
     * @param begun when a session first took it, in milliseconds of that session's clock since 1970; 0 for a new one
     * @param trace the span that the turn is part of, as a {@code traceparent}; "" when the request is not traced
     */
    record Generate(
            String stream,
            String model,
            String bundle,
            Prompt prompt,
            SamplingParams params,
            String tenant,
            boolean echoPrompt,
            long asked,
            long reading,
            long begun,
            String trace,
            ActorRef<StreamEvent> replyTo)
            implements SessionCommand {
        /** Members that know nothing of traces, or of bundles that take the place of others, send none. */
        public Generate {
            bundle = Objects.requireNonNullElse(bundle, "");
            trace = Objects.requireNonNullElse(trace, "");
        }

        /** A request whose asking is still to be dated. */
        public Generate(
                String stream,
                String model,
                Prompt prompt,
                SamplingParams params,
                String tenant,
                boolean echoPrompt,
                ActorRef<StreamEvent> replyTo) {
            this(stream, model, "", prompt, params, tenant, echoPrompt, 0, 0, 0, "", replyTo);
        }

        /** What a reader has that has heard nothing of it. */
        public Progress nothingHeard() {
            return Progress.none(Math.max(1, params.n()));
        }

        /** The same, as a part of the trace that {@code traceparent} tells. */
        public Generate traced(String traceparent) {
            return new Generate(
                    stream,
                    model,
                    bundle,
                    prompt,
                    params,
                    tenant,
                    echoPrompt,
                    asked,
                    reading,
                    begun,
                    traceparent,
                    replyTo);
        }

        /** The same, to be computed by {@code which} and no other bundle of the model. */
        public Generate by(String which) {
            return new Generate(
                    stream, model, which, prompt, params, tenant, echoPrompt, asked, reading, begun, trace, replyTo);
        }

        /** The same, first taken by a session at {@code when}, in milliseconds since 1970. */
        public Generate begunAt(long when) {
            return new Generate(
                    stream, model, bundle, prompt, params, tenant, echoPrompt, asked, reading, when, trace, replyTo);
        }

        /** Asks for what is behind event {@code after}, for the same reader. */
        public Resume resume(long after) {
            return new Resume(stream, after, asked, reading, replyTo);
        }

        /** The same, asked {@code when}, with its events told to {@code reader}, who has no number yet. */
        public Generate answeredTo(ActorRef<StreamEvent> reader, long when) {
            return answeredTo(reader, when, 0);
        }

        /** The same, asked {@code when}, with its events told to {@code reader}, whose number is {@code number}. */
        public Generate answeredTo(ActorRef<StreamEvent> reader, long when, long number) {
            return new Generate(
                    stream, model, bundle, prompt, params, tenant, echoPrompt, when, number, begun, trace, reader);
        }
    }

    /**
     * Asks for every event of the stream with an index above {@code after} (-1: from the first), then the live ones.
     * Answered by {@link StreamEvent.Accepted}, or by {@link StreamEvent.Refused} when the stream or those events are no
     * longer known. The new reader takes the place of the old one; a cancelled stream goes on where it was.
     */
    record Resume(String stream, long after, long asked, long reading, ActorRef<StreamEvent> replyTo)
            implements SessionCommand {}

    /**
     * Goes on with a stream whose session is gone: the same request, and what its reader has of it. Answered by {@link
     * StreamEvent.Accepted} with a higher epoch, or by {@link StreamEvent.Refused}; then the events behind {@code
     * progress.after()} follow. Said twice it does no harm; a session that still has the stream goes on with its own.
     */
    record Continue(Generate request, Progress progress) implements SessionCommand {
        @Override
        public String stream() {
            return request.stream();
        }
    }

    /**
     * Announces that a stream which runs elsewhere will be continued here. Answered by {@link StreamEvent.Prepared} once
     * what its reader has is in the cache, as far as that can be had, or by {@link StreamEvent.Refused}. Changes nothing
     * else; said twice it does no harm.
     */
    record Prepare(Continue goingOn) implements SessionCommand {
        @Override
        public String stream() {
            return goingOn.stream();
        }
    }

    /**
     * Says where streams are whose session has left this place but is still at work; who asks for one of them is to be
     * sent there.
     */
    record Whereabouts(String stream, ActorRef<SessionCommand> session) implements SessionCommand {}

    /**
     * Hands a stream over that nobody reads just now, as far as its session has it: that one leaves its place. Who comes
     * back is given the rest here. Does nothing where the stream is known; members that do not know this message refuse it.
     */
    record Keep(Continue goingOn) implements SessionCommand {
        @Override
        public String stream() {
            return goingOn.stream();
        }
    }

    /** The reader has taken all events up to {@code index}. Without it a stream pauses when its window is full. */
    record Acknowledge(String stream, long index, long asked, long reading) implements SessionCommand {}

    /** The reader has gone: stop computing and free the blocks. Unknown streams are ignored. */
    record Cancel(String stream, long asked, long reading) implements SessionCommand {}

    /** About the turns of one tenant, not about a stream. Answered by a {@link SessionAnswer}. */
    sealed interface OfWhole extends SessionCommand {
        @Override
        default String stream() {
            return "";
        }

        /** Whose turns are meant; empty where tenants are not told apart. */
        Optional<String> tenant();

        ActorRef<SessionAnswer> replyTo();
    }

    /** Asks for all turns. */
    record Describe(String session, Optional<String> tenant, ActorRef<SessionAnswer> replyTo) implements OfWhole {}

    /** Ends the turns and forgets them, wherever they are kept. */
    record Delete(String session, Optional<String> tenant, ActorRef<SessionAnswer> replyTo) implements OfWhole {}
}
