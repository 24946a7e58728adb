package belle.faults.cluster;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The line in which a process says that it is ready. */
final class FirstLine {
    private FirstLine() {}

    /**
     * Waits for it; empty when the process ended first.
     *
     * @throws IOException when it does not come within {@code limit}, or cannot be read
     */
    static Optional<String> of(Process process, Duration limit) throws IOException, InterruptedException {
        var out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        var said = new FutureTask<>(() -> Optional.ofNullable(out.readLine()));
        Thread.ofPlatform().daemon().start(said);
        try {
            return said.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("no line within " + limit.toSeconds() + " s", e);
        }
    }
}
