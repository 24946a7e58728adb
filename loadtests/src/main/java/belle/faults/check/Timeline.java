package belle.faults.check;

import belle.faults.history.Entry;
import java.util.ArrayList;
import java.util.List;

/** Entries side by side. */
final class Timeline {
    private Timeline() {}

    /** Returns both rows, each in its order, put together by time. */
    static List<Entry> merged(List<? extends Entry> some, List<? extends Entry> others) {
        List<Entry> all = new ArrayList<>(some.size() + others.size());
        int next = 0;
        for (Entry entry : some) {
            while (next < others.size() && others.get(next).atMicros() <= entry.atMicros()) {
                all.add(others.get(next++));
            }
            all.add(entry);
        }
        all.addAll(others.subList(next, others.size()));
        return all;
    }
}
