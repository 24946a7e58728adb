package belle.cli;

import belle.export.checkpoint.Progress;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Bytes done, rate and time left on standard error: a bar that is drawn over itself on a terminal, a plain line every
 * tenth of the way elsewhere.
 */
final class ProgressBar implements Progress, AutoCloseable {
    private static final int WIDTH = 30;
    private static final long REDRAW_NANOS = 100_000_000;

    private final PrintWriter err;
    private final boolean terminal;
    private final LongSupplier nanoTime;
    private final long startNanos;
    private long drawnNanos;
    private int drawnTenths = -1;
    private boolean lineIsOpen;

    ProgressBar(PrintWriter err, boolean terminal, LongSupplier nanoTime) {
        this.err = err;
        this.terminal = terminal;
        this.nanoTime = nanoTime;
        startNanos = nanoTime.getAsLong();
        drawnNanos = startNanos - REDRAW_NANOS;
    }

    /** A bar on this process's standard error. */
    static ProgressBar onStandardError(PrintWriter err) {
        return new ProgressBar(err, Output.onTerminal(), System::nanoTime);
    }

    @Override
    public void advanced(long doneBytes, long totalBytes) {
        long now = nanoTime.getAsLong();
        int tenths = totalBytes == 0 ? 10 : (int) (10 * doneBytes / totalBytes);
        if (terminal) {
            if (now - drawnNanos >= REDRAW_NANOS || doneBytes == totalBytes) {
                drawnNanos = now;
                lineIsOpen = true;
                err.print("\r" + bar(doneBytes, totalBytes) + " " + text(doneBytes, totalBytes, now) + "\033[K");
                err.flush();
            }
        } else if (tenths > drawnTenths) {
            drawnTenths = tenths;
            err.println(text(doneBytes, totalBytes, now));
        }
    }

    @Override
    public void note(String line) {
        close();
        err.println("note: " + line);
    }

    /** Ends the bar's line. */
    @Override
    public void close() {
        if (lineIsOpen) {
            err.println();
            lineIsOpen = false;
        }
    }

    private String text(long done, long total, long now) {
        double seconds = (now - startNanos) / 1e9;
        double rate = done / Math.max(seconds, 1e-3);
        String left = done == total
                ? "in " + Output.seconds(seconds)
                : done == 0 ? "" : Output.seconds((total - done) / rate) + " left";
        return String.format(
                Locale.ROOT,
                "%3d%%  %s of %s  %s/s  %s",
                total == 0 ? 100 : 100 * done / total,
                Output.bytes(done),
                Output.bytes(total),
                Output.bytes(Math.round(rate)),
                left);
    }

    private static String bar(long done, long total) {
        int full = total == 0 ? WIDTH : (int) (WIDTH * done / total);
        return "[" + "#".repeat(full) + "-".repeat(WIDTH - full) + "]";
    }
}
