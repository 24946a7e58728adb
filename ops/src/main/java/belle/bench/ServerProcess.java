package belle.bench;

import belle.proto.Failure;
import belle.proto.FailureException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A server as a child process, from its start to its end by SIGTERM: at the latest when this process is asked to end. */
public final class ServerProcess implements AutoCloseable {
    /** A peer that compiles its kernels at the start took six minutes. */
    private static final Duration START_LIMIT = Duration.ofMinutes(10);

    private static final Duration STOP_LIMIT = Duration.ofSeconds(60);

    private final Process process;
    private final Duration stopLimit;
    private final double startSeconds;

    private ServerProcess(Process process, Duration stopLimit, double startSeconds) {
        this.process = process;
        this.stopLimit = stopLimit;
        this.startSeconds = startSeconds;
    }

    /**
     * Starts a command and waits until {@code health} answers 200. Its output goes to {@code log}.
     *
     * @throws FailureException when the process ends or does not get ready
     */
    public static ServerProcess start(ProcessBuilder command, URI health, Path log)
            throws IOException, InterruptedException {
        return start(command, health, log, START_LIMIT, STOP_LIMIT);
    }

    static ServerProcess start(ProcessBuilder command, URI health, Path log, Duration startLimit, Duration stopLimit)
            throws IOException, InterruptedException {
        // A measurement that is ended from outside ends what it measures.
        var started = new CompletableFuture<Process>();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (started.isDone()) {
                started.join().destroy();
            }
        }));
        long start = System.nanoTime();
        Process process =
                command.redirectErrorStream(true).redirectOutput(log.toFile()).start();
        started.complete(process);
        boolean ready = false;
        try {
            ready = HealthCheck.await(health, startLimit, process::isAlive);
            if (!ready) {
                throw new FailureException(new Failure.Unavailable(
                        "'" + String.join(" ", command.command()) + "' did not get ready; its output is in " + log));
            }
            return new ServerProcess(process, stopLimit, (System.nanoTime() - start) / 1e9);
        } finally {
            if (!ready) {
                end(process, stopLimit);
            }
        }
    }

    /** Returns the seconds from the start to the first answer of the health check. */
    public double startSeconds() {
        return startSeconds;
    }

    /** Returns the memory that is the process's own and no file's, as Linux counts it: a part of it may be shared. */
    public long anonymousBytes() throws IOException {
        return memory("Anonymous:");
    }

    /** Returns the memory that is mapped and present, pages of files among it. */
    public long residentBytes() throws IOException {
        return memory("Rss:");
    }

    private long memory(String field) throws IOException {
        Path summary = Path.of("/proc", Long.toString(process.pid()), "smaps_rollup");
        try (var lines = Files.lines(summary)) {
            return lines.filter(line -> line.startsWith(field))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                    .sum();
        }
    }

    /** Asks the process to end, and insists after a while. */
    @Override
    public void close() {
        end(process, stopLimit);
    }

    private static void end(Process process, Duration stopLimit) {
        process.destroy();
        try {
            if (!process.waitFor(stopLimit.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
