package belle.faults.simulation;

import belle.proto.Check;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.SplittableRandom;

/** What happens later, one thing after the other, and all chance of a run, from one seed. */
final class SimulatedTime implements InstantSource {
    static final long MILLIS = 1_000;
    static final long SECOND_IN_MICROS = 1_000_000;

    private record Event(long atMicros, long number, Runnable action) {}

    private final PriorityQueue<Event> events =
            new PriorityQueue<>(Comparator.comparingLong(Event::atMicros).thenComparingLong(Event::number));
    private final Thread thread = Thread.currentThread();
    private SplittableRandom random = new SplittableRandom(0);
    private long nowMicros;
    private long numbered;

    /** Begins anew; what was to happen is forgotten. */
    void begin(long seed) {
        events.clear();
        random = new SplittableRandom(seed);
        nowMicros = 0;
        numbered = 0;
    }

    @Override
    public Instant instant() {
        return Instant.EPOCH.plus(nowMicros, ChronoUnit.MICROS);
    }

    long nowMicros() {
        return nowMicros;
    }

    /** Returns a number in [0, bound). */
    int below(int bound) {
        return random.nextInt(bound);
    }

    /** Returns a number in [least, most]. */
    long between(long least, long most) {
        return random.nextLong(least, most + 1);
    }

    /** Returns true once in {@code times}. */
    boolean oneIn(int times) {
        return random.nextInt(times) == 0;
    }

    long bits() {
        return random.nextLong();
    }

    /** Does something {@code micros} microseconds from now. */
    void in(long micros, Runnable action) {
        checkThread();
        events.add(new Event(nowMicros + Math.max(0, micros), numbered++, action));
    }

    /** All of a simulation runs on one thread, or it would not be the same twice. */
    void checkThread() {
        Check.that(Thread.currentThread() == thread, "%s runs in a simulation", Thread.currentThread());
    }

    /** Lets the next thing happen unless it is due after {@code untilMicros}; it is then that time. */
    boolean next(long untilMicros) {
        Event event = events.peek();
        if (event == null || event.atMicros() > untilMicros) {
            nowMicros = untilMicros;
            return false;
        }
        events.remove();
        nowMicros = event.atMicros();
        event.action().run();
        return true;
    }
}
