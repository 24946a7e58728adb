package belle.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A {@code belle up} process that serves the embedded model's checkpoint on a free port, until it is closed. */
public final class RunningBelle implements AutoCloseable {
    private static final long STOP_LIMIT_SECONDS = 60;

    private final Process process;
    private final BufferedReader out;
    private final URI url;

    private RunningBelle(Process process, BufferedReader out, URI url) {
        this.process = process;
        this.out = out;
        this.url = url;
    }

    /** Exports into {@code folder} and starts; {@code flags} are more flags of {@code up}. */
    public static RunningBelle start(Path folder, String... flags) throws IOException {
        Path bundle = TinyBundle.in(folder);
        List<String> arguments = new ArrayList<>(List.of("up", "--model", bundle.toString(), "--port", "0"));
        arguments.addAll(List.of(flags));
        Process process = OwnProcess.builder(arguments)
                .redirectError(folder.resolve("server.log").toFile())
                .start();
        var out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        @Nullable String line = out.readLine();
        if (line == null || !line.startsWith("http://")) {
            process.destroyForcibly();
            throw new IOException("no URL: " + line + "\n" + Files.readString(folder.resolve("server.log")));
        }
        return new RunningBelle(process, out, URI.create(line.substring(0, line.indexOf(' '))));
    }

    public URI url() {
        return url;
    }

    /** Sends SIGTERM without waiting. */
    public void terminate() {
        process.destroy();
    }

    /** Kills the process as nothing else does: no word to anybody. */
    public void kill() {
        process.destroyForcibly();
    }

    /** Waits for the end of the process and returns its exit status. */
    public int awaitEnd() throws InterruptedException, IOException {
        if (!process.waitFor(STOP_LIMIT_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException("the server was still there " + STOP_LIMIT_SECONDS + " s after SIGTERM");
        }
        return process.exitValue();
    }

    @Override
    public void close() throws IOException {
        process.destroy();
        try (out) {
            awaitEnd();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
