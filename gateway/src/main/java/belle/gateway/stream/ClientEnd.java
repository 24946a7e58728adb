package belle.gateway.stream;

import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.session.StreamEvent;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.QueueOfferResult;
import org.apache.pekko.stream.javadsl.Source;

/** The events on their way from a reader to its client. */
final class ClientEnd {
    private static final Failure OVERRUN = new Failure.Internal("the stream had more events than its window allows");

    private final BoundedSourceQueue<StreamEvent.Indexed> queue;
    private final Source<StreamEvent.Indexed, NotUsed> events;

    /** Off once the stream has ended here: another reader may have it now, and only that one's taking counts. */
    private final AtomicBoolean counts = new AtomicBoolean(true);

    /**
     * @param taken told of each event that the client has taken, from any thread, until {@link #complete}
     * @param gone told once when the client has the last event, or has left
     */
    ClientEnd(
            String stream,
            int bufferEvents,
            Consumer<StreamEvent.Indexed> taken,
            Runnable gone,
            ActorSystem<?> system) {
        var begun = Source.<StreamEvent.Indexed>queue(bufferEvents)
                .map(event -> {
                    if (counts.get()) {
                        taken.accept(event);
                    }
                    return event;
                })
                .recover(FailureException.class, () -> new StreamEvent.Failed(stream, 0, Long.MAX_VALUE, OVERRUN))
                .<BoundedSourceQueue<StreamEvent.Indexed>>watchTermination((events, done) -> {
                    done.whenCompleteAsync((_, _) -> gone.run(), system.executionContext());
                    return events;
                })
                .preMaterialize(system);
        queue = begun.first();
        events = begun.second();
    }

    /** Read once, by the client. */
    Source<StreamEvent.Indexed, NotUsed> events() {
        return events;
    }

    /** Tells whether the client leaves events lying. */
    boolean stalls() {
        return queue.size() > 0;
    }

    /** Puts an event behind the others; returns false when there is no room, and the client is then told of a failure. */
    boolean offer(StreamEvent.Indexed event) {
        if (queue.offer(event).equals(QueueOfferResult.dropped())) {
            queue.fail(new FailureException(OVERRUN));
            return false;
        }
        return true;
    }

    /** No event will follow. */
    void complete() {
        counts.set(false);
        try {
            queue.complete();
        } catch (IllegalStateException e) {
            // The client hung up at this very moment, which completed the queue; it is told that it has gone.
        }
    }
}
