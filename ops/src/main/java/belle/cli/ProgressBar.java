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
    /** Where the layers began: those of an interrupted export took no time of this one. */
    private double firstLayers = -1;

    private long firstNanos;

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
        tell(totalBytes == 0 ? 1 : (double) doneBytes / totalBytes, now, text(doneBytes, totalBytes, now));
    }

    @Override
    public void layers(double done, int total) {
        long now = nanoTime.getAsLong();
        if (firstLayers < 0) {
            firstLayers = done;
            firstNanos = now;
        }
        tell(done / total, now, layersText(done, total, now));
    }

    private void tell(double part, long now, String text) {
        int tenths = (int) (10 * part);
        if (terminal) {
            if (now - drawnNanos >= REDRAW_NANOS || part == 1) {
                drawnNanos = now;
                lineIsOpen = true;
                err.print("\r" + bar(part) + " " + text + "\033[K");
                err.flush();
            }
        } else if (tenths > drawnTenths) {
            drawnTenths = tenths;
            err.println(text);
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

    private String layersText(double done, int total, long now) {
        double seconds = (now - firstNanos) / 1e9;
        double each = seconds / Math.max(done - firstLayers, 1e-9);
        String left = done == firstLayers
                ? ""
                : Output.seconds(each) + " each  "
                        + (done == total
                                ? "in " + Output.seconds(seconds)
                                : Output.seconds((total - done) * each) + " left");
        return String.format(
                Locale.ROOT,
                "%3d%%  layer %d of %d  %s",
                (int) (100 * done / total),
                Math.min((int) done + 1, total),
                total,
                left);
    }

    private static String bar(double part) {
        int full = (int) (WIDTH * part);
        return "[" + "#".repeat(full) + "-".repeat(WIDTH - full) + "]";
    }
}
