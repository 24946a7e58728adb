package belle.faults.simulation;

import static belle.faults.simulation.SimulatedTime.MILLIS;
import static belle.faults.simulation.SimulatedTime.SECOND_IN_MICROS;

import belle.faults.history.Entry;

/** What can go wrong with processes and the ways between them. */
final class Faults {
    private static final long MOST_UNNOTICED_MICROS = 3 * SECOND_IN_MICROS;

    private final Cluster cluster;
    private final SimulatedTime time;
    private final Network network;
    private final Recorder recorder;

    Faults(Cluster cluster, Network network, Recorder recorder) {
        this.cluster = cluster;
        this.time = cluster.time();
        this.network = network;
        this.recorder = recorder;
    }

    private void tell(String kind, String target, boolean begins) {
        recorder.add(at -> new Entry.Fault(at, kind, target, begins));
    }

    /** A process is no more: nobody hears it, and it hears nobody. */
    void kill(Host host) {
        if (!host.dead()) {
            tell("kill", host.toString(), true);
            host.die();
            cluster.others(host).forEach(other -> network.giveUp(host, other));
        }
    }

    /** After a while the others take a process for lost, one after the other. */
    void notice(Host host, Runnable noticed) {
        long detected = time.between(100 * MILLIS, MOST_UNNOTICED_MICROS);
        cluster.others(host)
                .forEach(other -> time.in(detected + time.between(0, 300 * MILLIS), () -> network.giveUp(other, host)));
        time.in(detected + time.between(0, 300 * MILLIS), noticed);
    }

    /** A process does nothing for a while, and then goes on as if nothing had been; {@code thawed} is done then. */
    void freeze(Host host, long micros, Runnable thawed) {
        tell("freeze", host.toString(), true);
        host.freeze();
        time.in(micros, () -> {
            tell("freeze", host.toString(), false);
            host.thaw();
            thawed.run();
        });
    }

    /** Two processes do not hear each other for a while; {@code mended} is done then. */
    void cut(Host one, Host other, long micros, Runnable mended) {
        String way = one + "-" + other;
        tell("cut", way, true);
        network.cut(one, other, true);
        time.in(micros, () -> {
            tell("cut", way, false);
            network.cut(one, other, false);
            mended.run();
        });
    }

    /** A process is asked to leave, or something else is done that it ought to survive. */
    void told(String kind, Host host) {
        tell(kind, host.toString(), true);
        tell(kind, host.toString(), false);
    }
}
