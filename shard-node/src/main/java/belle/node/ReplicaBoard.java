package belle.node;

import belle.proto.node.NodeQuery.ModelStatus;
import belle.replica.ReplicaReport;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** What the guardian knows of its replicas: the state of each, and the load it reported last. */
final class ReplicaBoard {
    enum State {
        STARTING,
        READY,
        STALLED,
        DOWN
    }

    private final Map<String, HostedModel> models = new LinkedHashMap<>();
    private final Map<String, State> states = new LinkedHashMap<>();
    private final Map<String, ReplicaReport.Load> loads = new LinkedHashMap<>();

    void add(HostedModel hosted) {
        models.put(hosted.name(), hosted);
        states.put(hosted.name(), State.STARTING);
    }

    /** A replica that is down stays down. */
    void set(String model, State state) {
        states.computeIfPresent(model, (_, before) -> before == State.DOWN ? before : state);
    }

    void loaded(ReplicaReport.Load load) {
        loads.put(load.model(), load);
    }

    boolean allReady() {
        return states.values().stream().allMatch(state -> state == State.READY);
    }

    Map<String, HostedModel> models() {
        return models;
    }

    List<ModelStatus> statuses() {
        return models.values().stream().map(this::status).toList();
    }

    private ModelStatus status(HostedModel hosted) {
        String state = Objects.requireNonNull(states.get(hosted.name())).name().toLowerCase(Locale.ROOT);
        String bundle = hosted.model().identity();
        String weights = hosted.model().manifest().weights();
        ReplicaReport.Load load = loads.get(hosted.name());
        if (load == null) {
            return new ModelStatus(hosted.name(), bundle, weights, state, 0, 0, 0, 0, 0, 0);
        }
        var engine = load.engine();
        int free = engine.freeBlocks() + engine.cachedBlocks();
        return new ModelStatus(
                hosted.name(),
                bundle,
                weights,
                state,
                load.streams(),
                engine.runningSequences(),
                engine.waitingSequences(),
                engine.pausedSequences(),
                free,
                free + engine.leasedBlocks());
    }
}
