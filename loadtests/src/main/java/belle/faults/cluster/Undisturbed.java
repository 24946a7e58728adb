package belle.faults.cluster;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A server of one process, to which nothing is done. Closing it ends it. */
public final class Undisturbed implements AutoCloseable {
    private static final Duration START = Duration.ofMinutes(1);

    private final Process process;
    private final Path log;

    private Undisturbed(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** Starts it, without waiting. */
    public static Undisturbed start(Launcher launcher, Path bundle, Path log) throws IOException {
        ProcessBuilder command = launcher.belle(List.of("up", "--model", bundle.toString(), "--port", "0"));
        return new Undisturbed(command.redirectError(log.toFile()).start(), log);
    }

    /**
     * Waits until it is ready, and returns where it answers.
     *
     * @throws IOException when it does not become ready
     */
    public URI awaitUrl() throws IOException, InterruptedException {
        try {
            Optional<String> line = FirstLine.of(process, START).filter(said -> said.startsWith("http"));
            if (line.isPresent()) {
                return URI.create(line.get().substring(0, line.get().indexOf(' ')));
            }
        } catch (IOException e) {
            throw new IOException("the undisturbed server did not start; see " + log, e);
        }
        throw new IOException("the undisturbed server did not start; see " + log);
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
