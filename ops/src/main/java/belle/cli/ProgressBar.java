package belle.cli;

import belle.export.checkpoint.Progress;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.LongSupplier;

/** Bytes or layers done, rate and time left, with a bar on a terminal. */
final class ProgressBar implements Progress, AutoCloseable {
    private static final int WIDTH = 30;

    private final StatusLine line;
    private final LongSupplier nanoTime;
    private final long startNanos;
    /** Where the layers began: those of an interrupted export took no time of this one. */
    private double firstLayers = -1;

    private long firstNanos;

    ProgressBar(PrintWriter err, boolean terminal, LongSupplier nanoTime) {
        line = new StatusLine(err, terminal, nanoTime);
        this.nanoTime = nanoTime;
        startNanos = nanoTime.getAsLong();
    }

    /** A bar on this process's standard error. */
    static ProgressBar onStandardError(PrintWriter err) {
        return new ProgressBar(err, Output.onTerminal(), System::nanoTime);
    }

    @Override
    public void advanced(long doneBytes, long totalBytes) {
        long now = nanoTime.getAsLong();
        tell(totalBytes == 0 ? 1 : (double) doneBytes / totalBytes, text(doneBytes, totalBytes, now));
    }

    @Override
    public void layers(double done, int total) {
        long now = nanoTime.getAsLong();
        if (firstLayers < 0) {
            firstLayers = done;
            firstNanos = now;
        }
        tell(done / total, layersText(done, total, now));
    }

    private void tell(double part, String text) {
        line.tell(part, bar(part) + " ", text);
    }

    @Override
    public void note(String text) {
        line.note(text);
    }

    @Override
    public void close() {
        line.close();
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
