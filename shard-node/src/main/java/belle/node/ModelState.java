package belle.node;

import belle.engine.EngineLoad;
import belle.replica.ReplicaReport;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.ToIntFunction;
import java.util.function.UnaryOperator;

/** What is known of the replicas of a model: the state of each, and the load it reported last. */
record ModelState(List<Replica> replicas) {
    enum State {
        STARTING,
        READY,
        STALLED,
        DOWN
    }

    /** One replica. */
    record Replica(State state, EngineLoad engine, int streams) {
        static final Replica STARTING = new Replica(State.STARTING, new EngineLoad(0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0);

        /** A replica that is down stays down. */
        Replica in(State now) {
            return state == State.DOWN ? this : new Replica(now, engine, streams);
        }

        Replica with(ReplicaReport.Load load) {
            return new Replica(state, load.engine(), load.streams());
        }
    }

    ModelState {
        replicas = List.copyOf(replicas);
    }

    /** Replicas that have only just begun. */
    static ModelState starting(int number) {
        return new ModelState(Collections.nCopies(number, Replica.STARTING));
    }

    /** The same, with one replica changed. */
    ModelState change(int replica, UnaryOperator<Replica> change) {
        List<Replica> changed = new ArrayList<>(replicas);
        changed.set(replica, change.apply(changed.get(replica)));
        return new ModelState(changed);
    }

    /** Ready as long as one is and none is stalled, which the node will have to leave for. */
    State state() {
        if (any(State.STALLED)) {
            return State.STALLED;
        }
        if (any(State.STARTING)) {
            return State.STARTING;
        }
        return any(State.READY) ? State.READY : State.DOWN;
    }

    private boolean any(State asked) {
        return replicas.stream().anyMatch(replica -> replica.state() == asked);
    }

    int sum(ToIntFunction<EngineLoad> of) {
        return replicas.stream()
                .mapToInt(replica -> of.applyAsInt(replica.engine()))
                .sum();
    }

    int streams() {
        return replicas.stream().mapToInt(Replica::streams).sum();
    }

    String label() {
        return state().name().toLowerCase(Locale.ROOT);
    }
}
