package belle.gateway.http;

import belle.proto.session.StreamEvent;
import java.time.Duration;

/** Measures one answer's time to its first token and between its events. Not thread-safe. */
final class EventClock {
    private final Metrics metrics;
    private long lastNanos;
    private boolean first = true;

    EventClock(Metrics metrics, long beganNanos) {
        this.metrics = metrics;
        this.lastNanos = beganNanos;
    }

    void tick(StreamEvent.Indexed event) {
        if (event instanceof StreamEvent.Failed) {
            metrics.streamFailed();
        }
        if (event instanceof StreamEvent.Delta) {
            long now = System.nanoTime();
            Duration since = Duration.ofNanos(now - lastNanos);
            lastNanos = now;
            if (first) {
                metrics.firstToken(since);
            } else {
                metrics.betweenEvents(since);
            }
            first = false;
        }
    }
}
