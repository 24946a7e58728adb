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

/** A run's items kept and dropped, tokens, rate and time left: drawn over itself on a terminal, a line every tenth elsewhere. */
final class DataGenProgress implements Consumer<Draw>, AutoCloseable {
    private static final long REDRAW_NANOS = 100_000_000;

    private final PrintWriter err;
    private final Tally tally;
    private final int wanted;
    private final LongSupplier nanoTime;
    private final boolean terminal = Output.onTerminal();
    private final long startNanos;
    private long keptBefore = -1;
    private long drawnNanos;
    private long drawnTenths = -1;
    private boolean lineIsOpen;

    DataGenProgress(PrintWriter err, Tally tally, int wanted, LongSupplier nanoTime) {
        this.err = err;
        this.tally = tally;
        this.wanted = wanted;
        this.nanoTime = nanoTime;
        startNanos = nanoTime.getAsLong();
    }

    @Override
    public void accept(Draw draw) {
        long now = nanoTime.getAsLong();
        long kept = tally.kept();
        if (keptBefore < 0) {
            keptBefore = kept - draw.kept().size();
        }
        if (!draw.failure().isEmpty()) {
            close();
            err.println("note: draw " + draw.number() + ": " + draw.failure());
        }
        if (terminal && (now - drawnNanos >= REDRAW_NANOS || kept >= wanted)) {
            drawnNanos = now;
            lineIsOpen = true;
            err.print("\r" + line(kept, now) + "\033[K");
            err.flush();
        } else if (!terminal && 10 * kept / wanted > drawnTenths) {
            drawnTenths = 10 * kept / wanted;
            err.println(line(kept, now));
        }
    }

    private String line(long kept, long now) {
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

    /** Ends the bar's line. */
    @Override
    public void close() {
        if (lineIsOpen) {
            err.println();
            lineIsOpen = false;
        }
    }
}
