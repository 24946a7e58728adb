package belle.faults.simulation;

import belle.faults.history.Entry;
import belle.faults.history.History;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;

/** Writes a history. */
final class Recorder {
    private final SimulatedTime time;
    private final List<Entry> entries = new ArrayList<>();

    Recorder(SimulatedTime time) {
        this.time = time;
    }

    /** Adds what {@code entry} makes of the time in microseconds. */
    void add(LongFunction<Entry> entry) {
        entries.add(entry.apply(time.nowMicros()));
    }

    History history() {
        return new History(entries);
    }
}
