package belle.faults.cluster;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** One process of the cluster, started as often as it ends. Used by one thread at a time. */
public final class Member {
    private static final Duration START = Duration.ofMinutes(1);

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
    private Optional<ProcessBuilder> firstCommand;
    private final Optional<Clock> clock;
    private boolean over;
    private volatile Optional<Process> process = Optional.empty();

    Member(
            String name,
            int number,
            Network network,
            ProcessBuilder command,
            Optional<ProcessBuilder> firstCommand,
            Path log,
            Optional<Clock> clock) {
        this.name = name;
        this.number = number;
        this.network = network;
        this.command = command.redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
        this.firstCommand = firstCommand.map(first -> first.redirectError(command.redirectError()));
        this.clock = clock;
        clock.ifPresent(own -> {
            command.environment().putAll(own.environment());
            firstCommand.ifPresent(first -> first.environment().putAll(own.environment()));
        });
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

    /**
     * Starts it, without waiting.
     *
     * @throws IOException when that fails, or the campaign is over
     */
    public synchronized void start() throws IOException {
        if (over) {
            throw new IOException("the campaign is over");
        }
        process = Optional.of(firstCommand.orElse(command).start());
        firstCommand = Optional.empty();
    }

    /**
     * Waits for the line in which it says that it is ready.
     *
     * @return false when it ended first, or was ended because it took too long
     */
    public boolean awaitReady() throws InterruptedException {
        Process running = process.orElseThrow();
        try {
            return FirstLine.of(running, START).isPresent();
        } catch (IOException e) {
            running.destroyForcibly();
            return false;
        }
    }

    /** Puts its time of day forward, or back by less than nothing. */
    public void setClock(Duration ahead) throws IOException {
        if (clock.isPresent()) {
            clock.get().set(ahead);
        }
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

    /** Kills it for good, and waits for its end even when interrupted. */
    synchronized void end() {
        over = true;
        send(Signal.CONT);
        process.ifPresent(running -> running.destroyForcibly().onExit().join());
    }

    /** Tells whether there is a process. */
    public boolean isAlive() {
        return process.filter(Process::isAlive).isPresent();
    }
}
