package belle.faults.cluster;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A server of one process, to which nothing is done. Closing it ends it. */
public final class Undisturbed implements AutoCloseable {
    private static final long START_SECONDS = 60;

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
        var out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        var said = new FutureTask<>(() -> String.valueOf(out.readLine()));
        Thread.ofPlatform().daemon().start(said);
        try {
            String line = said.get(START_SECONDS, TimeUnit.SECONDS);
            if (line.startsWith("http")) {
                return URI.create(line.substring(0, line.indexOf(' ')));
            }
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the undisturbed server did not start; see " + log, e);
        }
        throw new IOException("the undisturbed server did not start; see " + log);
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
