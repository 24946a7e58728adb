package belle.bench;

import java.io.IOException;

/** A process that never sleeps, until it is closed. */
final class BusyProcess implements AutoCloseable {
    private final Process process;

    private BusyProcess(Process process) {
        this.process = process;
    }

    static BusyProcess start() throws IOException {
        return new BusyProcess(new ProcessBuilder("bash", "-c", "while :; do :; done").start());
    }

    @Override
    public void close() {
        process.destroy();
    }
}
