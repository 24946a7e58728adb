package belle.faults.cluster;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * How processes reach each other. With network namespaces (Linux, root) each has an address and a cable of its own, which
 * can be pulled; without, all share 127.0.0.1 and nothing can be cut.
 */
public sealed interface Network extends AutoCloseable permits Namespaces, Loopback {
    /** Returns the address of process {@code number}, from 1. */
    String address(int number);

    /** Returns this machine's own address, as processes reach it. */
    String host();

    /** Returns the port that a process uses for what has {@code base} as its usual port. */
    int port(int number, int base);

    /** Returns a command line that runs within the process's place in the network. */
    List<String> within(int number, List<String> command);

    /** Tells whether {@link #cut} and {@link #cutBetween} do anything. */
    boolean canCut();

    /** Tells whether {@link #slow} does anything. */
    boolean canSlow();

    /** Pulls a process's cable: nothing comes in or goes out, and nobody is told. */
    void cut(int number) throws IOException;

    /** Puts the cable back. */
    void mend(int number) throws IOException;

    /** Cuts a process off from some others, but not from clients. */
    void cutBetween(int number, List<Integer> others) throws IOException;

    /** Undoes {@link #cutBetween}. */
    void mendBetween(int number, List<Integer> others) throws IOException;

    /** Holds up what a process sends and is sent, and loses some of it. */
    void slow(int number) throws IOException;

    /** Undoes {@link #slow}. */
    void quicken(int number) throws IOException;

    @Override
    void close();

    /**
     * Returns one address for {@code processes}, which share a file as processes of one machine do.
     */
    static Network shared(int processes) {
        return Loopback.free(processes);
    }

    /**
     * Returns namespaces for {@code processes}, or the shared address where they are not permitted.
     *
     * @param told in a line what is not permitted here, if anything
     */
    static Network forProcesses(int processes, Consumer<String> told) {
        try {
            Network network = Namespaces.build(processes);
            if (!network.canSlow()) {
                told.accept("nothing here slows a network down (tc of iproute2); the other faults go on without");
            }
            return network;
        } catch (IOException e) {
            told.accept("the network cannot be cut here, which takes root and ip of iproute2 ("
                    + Optional.ofNullable(e.getMessage())
                            .orElse("no reason")
                            .lines()
                            .findFirst()
                            .orElse("")
                    + "); the other faults go on without");
            return Loopback.free(processes);
        }
    }
}
