package belle.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** A {@code belle gateway} or {@code belle node} process, until it is closed. */
final class RunningMember implements AutoCloseable {
    private static final long STOP_LIMIT_SECONDS = 60;
    /** Several processes start at once and live for seconds. */
    private static final List<String> QUICK_START = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

    private final Process process;
    private final BufferedReader out;
    private final Path log;
    private String ready = "";

    private RunningMember(Process process, BufferedReader out, Path log) {
        this.process = process;
        this.out = out;
        this.log = log;
    }

    /** Starts a gateway that begins a cluster, its log in {@code folder}, and waits until it is ready. */
    static RunningMember gateway(Path folder) throws IOException {
        return start(
                        folder.resolve("gateway.log"),
                        "gateway",
                        "--port",
                        "0",
                        "--management-port",
                        "0",
                        "--fast-failover")
                .awaitReady();
    }

    /** Starts without waiting. */
    static RunningMember start(Path log, String... arguments) throws IOException {
        return start(log, QUICK_START, arguments);
    }

    /** The same with flags of the JVM that go before this one's. */
    static RunningMember start(Path log, List<String> flags, String... arguments) throws IOException {
        ProcessBuilder builder = OwnProcess.builder(List.of(arguments)).redirectError(log.toFile());
        builder.command().addAll(builder.command().indexOf(Main.class.getName()), flags);
        Process process = builder.start();
        var out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        return new RunningMember(process, out, log);
    }

    /** Waits for the line that says that it is ready, or for its end. */
    RunningMember awaitReady() throws IOException {
        String line = out.readLine();
        if (line == null) {
            throw new IOException("not ready: " + Files.readString(log));
        }
        ready = line;
        return this;
    }

    /** Returns the first group of {@code pattern} in the line that says that it is ready. */
    String said(String pattern) {
        var matcher = Pattern.compile(pattern).matcher(ready);
        if (!matcher.find()) {
            throw new IllegalStateException("no " + pattern + " in " + ready);
        }
        return matcher.group(1);
    }

    /** The processes that it has started. */
    List<ProcessHandle> children() {
        return process.children().toList();
    }

    long pid() {
        return process.pid();
    }

    /** Kills it as nothing else does: no word to anybody. */
    void kill() {
        process.destroyForcibly();
    }

    /** Sends SIGTERM, and returns the exit status. */
    int terminate() throws InterruptedException, IOException {
        process.destroy();
        return awaitEnd();
    }

    int awaitEnd() throws InterruptedException, IOException {
        if (!process.waitFor(STOP_LIMIT_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException("still there after " + STOP_LIMIT_SECONDS + " s: " + Files.readString(log));
        }
        return process.exitValue();
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        out.close();
    }
}
