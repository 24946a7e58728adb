package belle.bench;

import java.io.IOException;
import java.time.Duration;

/** A process that never sleeps, until it is closed. */
final class BusyProcess implements AutoCloseable {
    private final Process process;

    private BusyProcess(Process process) {
        this.process = process;
    }

    static BusyProcess start() throws IOException {
        return new BusyProcess(new ProcessBuilder("bash", "-c", "while :; do :; done").start());
    }

    /** Returns the time of a processor that it has had, in the kernel's steps of 10 ms. */
    Duration processorTime() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    @Override
    public void close() {
        process.destroy();
    }
}
