package belle.proto.session;

import belle.proto.Failure;
import belle.proto.FinishReason;
import belle.proto.TokenLogprob;
import belle.proto.Tokens;
import belle.proto.Usage;
import belle.proto.Wire;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;

/** What a session tells the reader of a stream. */
public sealed interface StreamEvent extends Wire {
    /** What a reader is told that another one took the stream from. */
    Failure READ_ELSEWHERE = new Failure.Invalid("stream", "the stream is read by a later request");

    String stream();

    /**
     * The request was valid and is queued; nothing can be refused any more.
     *
     * @param session the entity that has the stream now; watched, so that its end is noticed
     * @param origin in the answer to {@link SessionCommand.Resume}: what a session elsewhere would have to be told
     * @param reading the reader's number, which it puts into whatever it says from now on; 0 from sessions that give none
     * @param begun when a session first took the request ({@link SessionCommand.Generate#begun}); 0 from those that do not tell
     * @param bundle that computes it ({@link SessionCommand.Generate#bundle}); "" from those that do not tell
     */
    record Accepted(
            String stream,
            long epoch,
            String model,
            int promptTokens,
            ActorRef<SessionCommand> session,
            Optional<SessionCommand.Continue> origin,
            long reading,
            long begun,
            String bundle)
            implements StreamEvent {
        public Accepted {
            bundle = Objects.requireNonNullElse(bundle, "");
        }
    }

    /**
     * The session is about to leave its node. It goes on with the stream until it is told {@link SessionCommand.Cancel}:
     * time for the reader to have it prepared elsewhere.
     */
    record Moving(String stream, long epoch) implements StreamEvent {}

    /** Answers {@link SessionCommand.Prepare}: the stream can be continued here. */
    record Prepared(String stream) implements StreamEvent {}

    /** Nothing was computed and nothing will follow. */
    record Refused(String stream, Failure failure) implements StreamEvent {}

    /** Events that are counted: {@code index} rises by one per event of the stream, from 0, over all its choices. */
    sealed interface Indexed extends StreamEvent {
        long epoch();

        long index();
    }

    /** The prompt's tokens with log-probabilities, when they were asked for; the first has none (NaN). */
    record PromptScored(String stream, long epoch, long index, List<TokenLogprob> tokens) implements Indexed {
        public PromptScored {
            tokens = List.copyOf(tokens);
        }
    }

    /**
     * New tokens of a choice. {@code text} may be empty while half a character or a possible stop string is held back.
     *
     * @param logprobs one per id when asked for, else empty
     */
    record Delta(
            String stream, long epoch, long index, int choice, Tokens ids, String text, List<TokenLogprob> logprobs)
            implements Indexed {
        public Delta {
            logprobs = List.copyOf(logprobs);
        }
    }

    /** A choice ended; said once per choice. {@code text} is what was still held back. */
    record Finished(String stream, long epoch, long index, int choice, String text, FinishReason reason)
            implements Indexed {}

    /** All choices ended. The last event of a good stream. */
    record Done(String stream, long epoch, long index, Usage usage) implements Indexed {}

    /** The stream broke off. The last event. */
    record Failed(String stream, long epoch, long index, Failure failure) implements Indexed {}
}
