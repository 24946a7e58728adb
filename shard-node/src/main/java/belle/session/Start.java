package belle.session;

import belle.proto.Failure;
import belle.proto.session.Progress;
import belle.proto.session.SessionCommand.Generate;
import java.util.Optional;

/** How a session starts on a stream that it does not have yet. */
sealed interface Start {
    /**
     * With a turn, computed or written down already.
     *
     * @param progress what is known of it
     * @param readers those of the turn whose place it takes
     * @param after the last event that the reader has
     */
    record With(
            Generate generate, Progress progress, Turn turn, TurnRecord record, Optional<Readers> readers, long after)
            implements Start {}

    /** Not at all. */
    record Not(Failure failure) implements Start {}
}
