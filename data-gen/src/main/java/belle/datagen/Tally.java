package belle.datagen;

import java.util.EnumMap;
import java.util.Map;

/** What a run came to so far, earlier parts of it too. Threads may share it. */
public final class Tally {
    private final Map<Reason, Long> dropped = new EnumMap<>(Reason.class);
    private long draws;
    private long failed;
    private long kept;
    private long requests;
    private long tokens;

    synchronized void add(Draw draw) {
        draws++;
        failed += draw.failure().isEmpty() ? 0 : 1;
        kept += draw.kept().size();
        requests += draw.requests();
        tokens += draw.promptTokens() + draw.completionTokens();
        draw.dropped().forEach((reason, count) -> dropped.merge(reason, (long) count, Long::sum));
    }

    public synchronized long draws() {
        return draws;
    }

    /** Draws without an answer. */
    public synchronized long failed() {
        return failed;
    }

    public synchronized long kept() {
        return kept;
    }

    public synchronized long requests() {
        return requests;
    }

    public synchronized long tokens() {
        return tokens;
    }

    /** Texts that became no item. */
    public synchronized Map<Reason, Long> dropped() {
        return new EnumMap<>(dropped);
    }
}
