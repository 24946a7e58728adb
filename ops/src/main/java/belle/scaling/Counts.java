package belle.scaling;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/** What happens inside a window of simulated time. */
final class Counts {
    private final Durations firstTokens = new Durations();
    private final Durations gaps = new Durations();
    private final Map<Shortage, Long> waits = new EnumMap<>(Shortage.class);
    private long from;
    private long to;
    private StepTime time = StepTime.NONE;
    private long steps;
    private long slices;
    private long refused;
    private long lastNanos;

    /** Counts from {@code start} up to, and without, {@code end}; nothing before this is called. */
    void open(long start, long end) {
        from = start;
        to = end;
    }

    private boolean counts(long now) {
        return now >= from && now < to;
    }

    void refused(long now) {
        refused += counts(now) ? 1 : 0;
    }

    /** A step begins; {@code wait} is what sequences outside it wait for. */
    void step(long now, StepTime taken, int sequences, Optional<Shortage> wait) {
        if (counts(now)) {
            time = time.plus(taken);
            steps++;
            slices += sequences;
            wait.ifPresent(what -> waits.merge(what, 1L, Long::sum));
        }
    }

    void firstToken(long now, long nanos) {
        if (counts(now)) {
            firstTokens.add(nanos);
            lastNanos = now;
        }
    }

    void token(long now, long gapNanos) {
        if (counts(now)) {
            gaps.add(gapNanos);
            lastNanos = now;
        }
    }

    /**
     * Sums up.
     *
     * @param gatewaySeconds that each first token takes on top
     */
    Outcome outcome(double gatewaySeconds) {
        double seconds = ((to == Long.MAX_VALUE ? lastNanos : to) - from) / 1e9;
        Optional<Shortage> wait = waits.entrySet().stream()
                .filter(entry -> 2 * entry.getValue() > steps)
                .map(Map.Entry::getKey)
                .findFirst();
        return new Outcome(
                (firstTokens.size() + gaps.size()) / seconds,
                firstTokens.quantile(0.5) + gatewaySeconds,
                firstTokens.quantile(0.99) + gatewaySeconds,
                gaps.quantile(0.5),
                gaps.quantile(0.99),
                firstTokens.size(),
                refused,
                steps == 0 ? 0 : (double) slices / steps,
                time,
                wait);
    }
}
