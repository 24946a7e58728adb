package belle.cli;

import belle.datagen.Draw;
import belle.datagen.Reason;
import belle.datagen.Tally;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/** A run's items kept and dropped, tokens, rate and time left. */
final class DataGenProgress implements Consumer<Draw>, AutoCloseable {
    private final StatusLine line;
    private final Tally tally;
    private final int wanted;
    private final LongSupplier nanoTime;
    private final long startNanos;
    private long keptBefore = -1;

    DataGenProgress(PrintWriter err, Tally tally, int wanted, LongSupplier nanoTime) {
        line = new StatusLine(err, Output.onTerminal(), nanoTime);
        this.tally = tally;
        this.wanted = wanted;
        this.nanoTime = nanoTime;
        startNanos = nanoTime.getAsLong();
    }

    @Override
    public void accept(Draw draw) {
        long kept = tally.kept();
        if (keptBefore < 0) {
            keptBefore = kept - draw.kept().size();
        }
        if (!draw.failure().isEmpty()) {
            line.note("draw " + draw.number() + ": " + draw.failure());
        }
        line.tell((double) kept / wanted, "", text(kept, nanoTime.getAsLong()));
    }

    private String text(long kept, long now) {
        double rate = (kept - keptBefore) / Math.max((now - startNanos) / 1e9, 1e-3);
        String left = rate == 0 || kept >= wanted ? "" : "  " + Output.seconds((wanted - kept) / rate) + " left";
        String dropped = tally.dropped().entrySet().stream()
                .map(entry -> entry.getKey().label() + " " + entry.getValue())
                .collect(Collectors.joining(", "));
        return String.format(
                Locale.ROOT,
                "%3d%%  %d of %d kept  %.1f/s  %,d tokens%s  (%s)",
                100 * kept / wanted,
                kept,
                wanted,
                rate,
                tally.tokens(),
                left,
                dropped);
    }

    /** The run as a table. */
    List<String> summary() {
        List<String> rows = new ArrayList<>();
        rows.add(row("draws", tally.draws()));
        rows.add(row("draws without an answer", tally.failed()));
        rows.add(row("requests", tally.requests()));
        rows.add(row("tokens", tally.tokens()));
        rows.add(row("kept", tally.kept()));
        for (Map.Entry<Reason, Long> entry : tally.dropped().entrySet()) {
            rows.add(row("dropped: " + entry.getKey().label(), entry.getValue()));
        }
        return rows;
    }

    private static String row(String name, long count) {
        return String.format(Locale.ROOT, "%-45s %,12d", name, count);
    }

    @Override
    public void close() {
        line.close();
    }
}
