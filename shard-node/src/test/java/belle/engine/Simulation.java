package belle.engine;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.SplittableRandom;

/** Events on simulated time, one after the other, all chance from one seed. */
final class Simulation {
    private static final int MAX_EVENTS = 50_000;

    private record Event(long atMicros, long number, Runnable action) {}

    private final PriorityQueue<Event> events =
            new PriorityQueue<>(Comparator.comparingLong(Event::atMicros).thenComparingLong(Event::number));
    private final SplittableRandom random;
    private final Runnable afterEach;
    private long nowMicros;
    private long scheduled;

    /** Makes a simulation that calls {@code afterEach} after every event. */
    Simulation(long seed, Runnable afterEach) {
        random = new SplittableRandom(seed);
        this.afterEach = afterEach;
    }

    /** Returns a number in [0, bound). */
    int below(int bound) {
        return random.nextInt(bound);
    }

    /** Returns true once in {@code times}. */
    boolean oneIn(int times) {
        return random.nextInt(times) == 0;
    }

    long bits() {
        return random.nextLong();
    }

    /** Does something after at least 1 and at most {@code micros} microseconds. */
    void within(int micros, Runnable action) {
        events.add(new Event(nowMicros + 1 + below(micros), scheduled++, action));
    }

    /** Runs until nothing is left to happen. */
    void run() {
        for (int i = 0; !events.isEmpty(); i++) {
            if (i == MAX_EVENTS) {
                throw new AssertionError("still busy after " + MAX_EVENTS + " events");
            }
            Event event = events.remove();
            nowMicros = event.atMicros();
            event.action().run();
            afterEach.run();
        }
    }
}
