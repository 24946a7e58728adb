package belle.faults.simulation;

import belle.gateway.stream.OpenStream;
import belle.proto.Failure;
import belle.proto.session.StreamEvent;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.stream.javadsl.Sink;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/** A client's connection to a gateway for one answer. What comes takes a moment to the client. */
final class Connection {
    /** The client at its end. */
    interface End {
        void begun(StreamEvent.Accepted accepted);

        void refused(Failure failure);

        void heard(StreamEvent.Indexed event);

        /** No event follows, though none was the last. */
        void broken();
    }

    private final SimulatedTime time;
    private final Gateway gateway;
    private final CompletableFuture<OpenStream> opened;
    private final End end;
    private Optional<Subscription> events = Optional.empty();
    private long wanted;
    private long lastArrival;
    private boolean open = true;
    private boolean hungUp;

    Connection(SimulatedTime time, Gateway gateway, CompletableFuture<OpenStream> opened, End end) {
        this.time = time;
        this.gateway = gateway;
        this.opened = opened;
        this.end = end;
        var _ = opened.whenComplete((answer, _) -> {
            if (answer instanceof OpenStream.Begun begun) {
                arrive(() -> end.begun(begun.accepted()));
                begun.events()
                        .runWith(Sink.fromSubscriber(new Ears()), gateway.host().system());
            } else if (answer instanceof OpenStream.NotBegun(Failure failure)) {
                arrive(() -> end.refused(failure));
            }
        });
    }

    Gateway gateway() {
        return gateway;
    }

    /** Takes the next event when it is there. */
    void read() {
        wanted++;
        events.ifPresent(this::request);
    }

    private void request(Subscription subscription) {
        if (wanted > 0) {
            subscription.request(wanted);
            wanted = 0;
        }
    }

    private void arrive(Runnable news) {
        lastArrival = Math.max(lastArrival + 1, time.nowMicros() + time.between(1, 3 * SimulatedTime.MILLIS));
        time.in(lastArrival - time.nowMicros(), () -> {
            if (open) {
                news.run();
            }
        });
    }

    /** The client hears nothing more; the gateway may not know. */
    void abandon() {
        open = false;
    }

    /** The gateway learns that the client is gone. */
    void hangUp() {
        open = false;
        hungUp = true;
        opened.cancel(false);
        events.ifPresent(Subscription::cancel);
    }

    /** What comes from the gateway. */
    private final class Ears implements Subscriber<StreamEvent.Indexed> {
        @Override
        public void onSubscribe(Subscription subscription) {
            events = Optional.of(subscription);
            if (hungUp) {
                subscription.cancel();
            } else {
                request(subscription);
            }
        }

        @Override
        public void onNext(StreamEvent.Indexed event) {
            arrive(() -> end.heard(event));
        }

        @Override
        public void onError(Throwable cause) {
            arrive(end::broken);
        }

        @Override
        public void onComplete() {
            arrive(end::broken);
        }
    }
}
