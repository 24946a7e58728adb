package belle.session;

import belle.proto.session.Progress;
import belle.proto.session.StreamEvent;
import belle.proto.session.StreamEvent.Indexed;
import java.util.List;
import java.util.Optional;

/**
 * The events of a turn that has ended.
 *
 * @param before what a reader must have to whom the first of them is the next; nothing, unless the turn came from elsewhere
 * @param events in order, without a gap, at least one
 */
public record TurnLog(Progress before, List<Indexed> events) {
    public TurnLog {
        events = List.copyOf(events);
    }

    /** Tells whether it has every event behind {@code after}. */
    boolean covers(long after) {
        return before.after() <= after;
    }

    /** Returns the text of each choice; empty when the turn did not begin here. */
    Optional<List<String>> texts() {
        if (!before.given().isEmpty()) {
            return Optional.empty();
        }
        List<StringBuilder> texts =
                before.choices().stream().map(_ -> new StringBuilder()).toList();
        for (Indexed event : events) {
            switch (event) {
                case StreamEvent.Delta delta -> texts.get(delta.choice()).append(delta.text());
                case StreamEvent.Finished finished ->
                    texts.get(finished.choice()).append(finished.text());
                case StreamEvent.PromptScored _, StreamEvent.Done _, StreamEvent.Failed _ -> {}
            }
        }
        return Optional.of(texts.stream().map(StringBuilder::toString).toList());
    }
}
