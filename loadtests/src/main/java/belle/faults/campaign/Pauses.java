package belle.faults.campaign;

import belle.faults.history.Entry;
import belle.faults.history.History;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The silences of all streams: what is between two events of one, and before the first one after it was asked for again. */
final class Pauses {
    private record Pause(String stream, long from, long to) {}

    /** A stream's last event before a fault may be a little older than the fault. */
    private static final long BEFORE_MICROS = 300_000;

    private final List<Pause> byBegin = new ArrayList<>();

    Pauses(History history) {
        history.byRequest().forEach((name, entries) -> {
            long last = -1;
            for (Entry.OfRequest entry : entries) {
                if (entry instanceof Entry.Heard) {
                    if (last >= 0) {
                        byBegin.add(new Pause(name, last, entry.atMicros()));
                    }
                    last = entry.atMicros();
                }
            }
        });
        byBegin.sort(Comparator.comparingLong(Pause::from));
    }

    /** Returns, in milliseconds, the longest pause of each stream among those that begin about when a fault lasts. */
    List<Long> longestMillis(long fromMicros, long untilMicros) {
        Map<String, Long> longest = new HashMap<>();
        for (int i = first(fromMicros - BEFORE_MICROS); i < byBegin.size(); i++) {
            Pause pause = byBegin.get(i);
            if (pause.from() >= untilMicros) {
                break;
            }
            if (pause.to() > fromMicros) {
                longest.merge(pause.stream(), (pause.to() - pause.from()) / 1000, Math::max);
            }
        }
        return List.copyOf(longest.values());
    }

    /** Place of the first pause that begins at {@code micros} or later. */
    private int first(long micros) {
        int low = 0;
        int high = byBegin.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (byBegin.get(middle).from() < micros) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
