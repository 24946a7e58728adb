package belle.gateway.stream;

import kamon.Kamon;
import kamon.metric.Counter;
import kamon.metric.Metric;

/** Counts events that were not handed on: {@code belle.gateway.events.refused}, by reason. */
final class RefusedEvents {
    private static final Metric.Counter METRIC = Kamon.counter("belle.gateway.events.refused");

    private final Counter fenced = METRIC.withTag("reason", "fenced");
    private final Counter forged = METRIC.withTag("reason", "forged");

    /** An event that comes too late; counted when it is of an epoch that is over. */
    void fenced(boolean epochIsOver) {
        if (epochIsOver) {
            fenced.increment();
        }
    }

    /** An event of an epoch that nobody has announced. */
    void forged() {
        forged.increment();
    }
}
