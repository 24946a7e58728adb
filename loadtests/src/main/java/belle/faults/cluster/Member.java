package belle.faults.cluster;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** One process of the cluster, started as often as it ends. Used by one thread at a time. */
public final class Member {
    /** What a process can be sent. */
    public enum Signal {
        KILL,
        TERM,
        STOP,
        CONT,
        SEGV
    }

    private final String name;
    private final int number;
    private final Network network;
    private final ProcessBuilder command;
    private volatile Optional<Process> process = Optional.empty();

    Member(String name, int number, Network network, ProcessBuilder command, Path log) {
        this.name = name;
        this.number = number;
        this.network = network;
        this.command = command.redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    }

    /** Returns {@code gateway1}, {@code node2} and so on. */
    public String name() {
        return name;
    }

    /** Returns its place in the network. */
    public int number() {
        return number;
    }

    /** Tells whether it takes clients. */
    public boolean isGateway() {
        return name.startsWith("gateway");
    }

    /** Returns where it answers clients; a gateway. */
    public URI url() {
        return URI.create("http://" + network.address(number) + ":" + network.port(number, TestCluster.HTTP));
    }

    /** Returns its management endpoint. */
    public URI management() {
        return URI.create("http://" + network.address(number) + ":" + network.port(number, TestCluster.MANAGEMENT));
    }

    /** Starts it, without waiting. */
    public void start() throws IOException {
        process = Optional.of(command.start());
    }

    /**
     * Waits for the line in which it says that it is ready.
     *
     * @return false when it ended first
     */
    public boolean awaitReady() throws IOException {
        var out = new BufferedReader(
                new InputStreamReader(process.orElseThrow().getInputStream(), StandardCharsets.UTF_8));
        return out.readLine() != null;
    }

    /** Sends a signal, if it is there. */
    public void send(Signal signal) {
        if (process.isPresent() && process.get().isAlive()) {
            Shell.attempt("kill", "-" + signal, Long.toString(process.get().pid()));
        }
    }

    /**
     * Waits for its end.
     *
     * @return false when it is still there after {@code seconds}
     */
    public boolean awaitEnd(long seconds) throws InterruptedException {
        return process.isEmpty() || process.get().waitFor(seconds, TimeUnit.SECONDS);
    }

    /** Kills it, and waits for its end even when interrupted. */
    void end() {
        send(Signal.CONT);
        process.ifPresent(running -> running.destroyForcibly().onExit().join());
    }

    /** Tells whether there is a process. */
    public boolean isAlive() {
        return process.filter(Process::isAlive).isPresent();
    }

    /** Its status, when it has ended. */
    public Optional<Integer> exitValue() {
        return process.filter(ended -> !ended.isAlive()).map(Process::exitValue);
    }
}
