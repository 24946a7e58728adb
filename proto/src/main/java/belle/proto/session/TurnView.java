package belle.proto.session;

import java.util.List;
import java.util.Optional;

/**
 * A turn as it is shown to the one who asked for it.
 *
 * @param answers the text of each choice of a finished turn, as far as it is kept; empty for all others
 * @param begunMillis when the request came, in milliseconds since 1970
 * @param endedMillis when the turn ended, in milliseconds since 1970
 */
public record TurnView(
        String stream, String model, State state, List<String> answers, long begunMillis, Optional<Long> endedMillis) {
    /** How far a turn is. */
    public enum State {
        /** It is being computed. */
        RUNNING,
        /** Nobody computes it now; whoever asks for its stream is given the rest. */
        OPEN,
        /** All of it is there. */
        FINISHED,
        /** It broke off. */
        FAILED
    }

    public TurnView {
        answers = List.copyOf(answers);
    }
}
