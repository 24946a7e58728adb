package belle.cli;

import java.io.PrintWriter;
import java.util.function.LongSupplier;

/**
 * How far a command is, on standard error: a line that is drawn over itself on a terminal, ten times a second at most; a line of its
 * own every tenth of the way elsewhere.
 */
final class StatusLine implements AutoCloseable {
    private static final long REDRAW_NANOS = 100_000_000;

    private final PrintWriter err;
    private final boolean terminal;
    private final LongSupplier nanoTime;
    private long drawnNanos;
    private int drawnTenths = -1;
    private boolean isOpen;

    StatusLine(PrintWriter err, boolean terminal, LongSupplier nanoTime) {
        this.err = err;
        this.terminal = terminal;
        this.nanoTime = nanoTime;
        drawnNanos = nanoTime.getAsLong() - REDRAW_NANOS;
    }

    /**
     * Says where the command is.
     *
     * @param part of the way, 0 to 1
     * @param bar stands before {@code text} on a terminal
     */
    void tell(double part, String bar, String text) {
        int tenths = (int) (10 * part);
        if (terminal) {
            long now = nanoTime.getAsLong();
            if (now - drawnNanos >= REDRAW_NANOS || part >= 1) {
                drawnNanos = now;
                isOpen = true;
                err.print("\r" + bar + text + "\033[K");
                err.flush();
            }
        } else if (tenths > drawnTenths) {
            drawnTenths = tenths;
            err.println(text);
        }
    }

    /** Prints a line that stays. */
    void note(String line) {
        close();
        err.println("note: " + line);
    }

    /** Ends the line. */
    @Override
    public void close() {
        if (isOpen) {
            err.println();
            isOpen = false;
        }
    }
}
