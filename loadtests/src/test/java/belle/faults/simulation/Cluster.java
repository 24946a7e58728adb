package belle.faults.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** The processes of all simulations of this JVM: making them anew for each would take most of the time. */
final class Cluster {
    private static final int GATEWAYS = 3;
    private static final int NODES = 4;
    private static final int SECONDS_FAST = 2;
    private static final long MOST_TURNS = 1_000_000;

    private final SimulatedTime time = new SimulatedTime();
    private final List<Host> nodes = new ArrayList<>();
    private final List<Gateway> gateways = new ArrayList<>();
    private final List<Host> all = new ArrayList<>();
    private final Crashes crashes = new Crashes();
    private long turns;

    /** Starts all processes. */
    Cluster() throws InterruptedException {
        for (int i = 0; i < GATEWAYS; i++) {
            int fast = i * SECONDS_FAST;
            gateways.add(
                    new Gateway(start("gateway" + i), time, () -> time.instant().plusSeconds(fast)));
        }
        for (int i = 0; i < NODES; i++) {
            nodes.add(start("node" + i));
        }
        settle();
    }

    private Host start(String name) throws InterruptedException {
        Host host = new Host(name, time);
        all.add(host);
        return host;
    }

    /** Begins another run, for which nothing may be left of the one before. */
    void begin(long seed) {
        time.begin(seed);
        turns = 0;
        crashes.takeCount();
        all.forEach(Host::begin);
    }

    Crashes crashes() {
        return crashes;
    }

    SimulatedTime time() {
        return time;
    }

    List<Gateway> gateways() {
        return gateways;
    }

    List<Host> nodes() {
        return nodes;
    }

    Stream<Host> others(Host host) {
        return all.stream().filter(other -> other != host);
    }

    /** Runs what is ready, one thing after the other in an order drawn from the seed. */
    void settle() {
        for (int ready = ready(); ready > 0; ready = ready()) {
            if (turns++ > MOST_TURNS) {
                throw new AssertionError("still busy after " + MOST_TURNS + " turns");
            }
            int which = time.below(ready);
            for (Host host : all) {
                if (which < host.ready()) {
                    host.run(which);
                    break;
                }
                which -= host.ready();
            }
        }
    }

    private int ready() {
        int ready = 0;
        for (Host host : all) {
            ready += host.ready();
        }
        return ready;
    }

    /** Runs and lets time pass until something is so; returns false when it is not within {@code limit} microseconds. */
    boolean runUntil(BooleanSupplier over, long limit) {
        long end = time.nowMicros() + limit;
        settle();
        while (!over.getAsBoolean()) {
            if (!time.next(end)) {
                return false;
            }
            settle();
        }
        return true;
    }
}
