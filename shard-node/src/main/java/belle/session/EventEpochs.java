package belle.session;

import belle.proto.session.StreamEvent;
import belle.proto.session.StreamEvent.Indexed;

/** Events as said in another epoch than the one in which they were first said. */
final class EventEpochs {
    private EventEpochs() {}

    /** Returns the event with {@code epoch}, so that a reader who has seen that epoch does not take it for a dead one's. */
    static Indexed stamped(Indexed event, long epoch) {
        if (event.epoch() == epoch) {
            return event;
        }
        return switch (event) {
            case StreamEvent.PromptScored e -> new StreamEvent.PromptScored(e.stream(), epoch, e.index(), e.tokens());
            case StreamEvent.Delta e ->
                new StreamEvent.Delta(e.stream(), epoch, e.index(), e.choice(), e.ids(), e.text(), e.logprobs());
            case StreamEvent.Finished e ->
                new StreamEvent.Finished(e.stream(), epoch, e.index(), e.choice(), e.text(), e.reason());
            case StreamEvent.Done e -> new StreamEvent.Done(e.stream(), epoch, e.index(), e.usage());
            case StreamEvent.Failed e -> new StreamEvent.Failed(e.stream(), epoch, e.index(), e.failure());
        };
    }
}
