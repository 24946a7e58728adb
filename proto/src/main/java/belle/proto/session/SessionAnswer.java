package belle.proto.session;

import belle.proto.Failure;
import belle.proto.Wire;
import java.util.List;

/** What a session says of itself as a whole. */
public sealed interface SessionAnswer extends Wire {
    /** Answers {@link SessionCommand.Describe}: the turns that are known, the oldest first, at least one. */
    record Conversation(List<TurnView> turns) implements SessionAnswer {
        public Conversation {
            turns = List.copyOf(turns);
        }
    }

    /** Answers {@link SessionCommand.Delete}: nothing of the turns is left. */
    record Deleted() implements SessionAnswer {}

    /** There are no such turns, or they could not be looked at. */
    record Declined(Failure failure) implements SessionAnswer {}
}
