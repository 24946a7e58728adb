package belle.gateway.work;

import belle.proto.Failure;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/** One tenant's quota: a bucket of requests that refills evenly, and a number of requests at once. Thread-safe. */
public final class Quota {
    /** 0 means without limit. */
    public record Limits(int requestsPerMinute, int maxConcurrent) {}

    private static final long MINUTE_NANOS = Duration.ofMinutes(1).toNanos();
    private static final long SECOND_NANOS = Duration.ofSeconds(1).toNanos();

    private final String tenant;
    private final Limits limits;
    private final LongSupplier nanoClock;
    private double requests;
    private long filledAt;
    private int running;

    Quota(String tenant, Limits limits, LongSupplier nanoClock) {
        this.tenant = tenant;
        this.limits = limits;
        this.nanoClock = nanoClock;
        this.requests = limits.requestsPerMinute();
        this.filledAt = nanoClock.getAsLong();
    }

    /** Takes one request, to be given back by {@link #release}; or says why not, and then nothing is taken. */
    synchronized Optional<Failure> take() {
        if (limits.maxConcurrent() > 0 && running >= limits.maxConcurrent()) {
            return Optional.of(new Failure.Overloaded(
                    "at most " + limits.maxConcurrent() + " requests of '" + tenant + "' may run at once", 1));
        }
        if (limits.requestsPerMinute() > 0) {
            refill();
            if (requests < 1) {
                double nanos = (1 - requests) * MINUTE_NANOS / limits.requestsPerMinute();
                return Optional.of(new Failure.Overloaded(
                        "at most " + limits.requestsPerMinute() + " requests of '" + tenant + "' are taken in a minute",
                        (int) Math.ceil(nanos / SECOND_NANOS)));
            }
            requests--;
        }
        running++;
        return Optional.empty();
    }

    /** Ends a request that was taken. */
    synchronized void release() {
        running--;
    }

    private void refill() {
        long now = nanoClock.getAsLong();
        double more = (double) (now - filledAt) * limits.requestsPerMinute() / MINUTE_NANOS;
        requests = Math.min(limits.requestsPerMinute(), requests + more);
        filledAt = now;
    }
}
