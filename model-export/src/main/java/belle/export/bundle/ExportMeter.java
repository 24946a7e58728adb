package belle.export.bundle;

import belle.export.checkpoint.Progress;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/** Adds up what the workers did and passes it on, a few times a second at most and from one thread at a time. */
final class ExportMeter {
    private static final long INTERVAL_NANOS = 200_000_000;

    private final Progress progress;
    private final long totalBytes;
    private final AtomicLong doneBytes = new AtomicLong();
    private final ReentrantLock telling = new ReentrantLock();
    private long toldNanos = System.nanoTime() - INTERVAL_NANOS;

    ExportMeter(Progress progress, long totalBytes) {
        this.progress = progress;
        this.totalBytes = totalBytes;
    }

    void advanced(long bytes) {
        long done = doneBytes.addAndGet(bytes);
        if (telling.tryLock()) {
            try {
                long now = System.nanoTime();
                if (now - toldNanos >= INTERVAL_NANOS || done >= totalBytes) {
                    toldNanos = now;
                    progress.advanced(Math.min(done, totalBytes), totalBytes);
                }
            } finally {
                telling.unlock();
            }
        }
    }
}
