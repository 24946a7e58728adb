package belle.gateway.work;

import belle.proto.session.StreamEvent;
import java.time.Duration;

/** Measures one answer's time to its first token and between its events. Not thread-safe. */
public final class EventClock {
    private final Metrics metrics;
    private long lastNanos;
    private boolean first = true;

    /** @param beganNanos when the request came, by {@link System#nanoTime} */
    public EventClock(Metrics metrics, long beganNanos) {
        this.metrics = metrics;
        this.lastNanos = beganNanos;
    }

    /** Takes note of an event that is handed on. */
    public void tick(StreamEvent.Indexed event) {
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
