package belle.node;

import belle.node.ModelState.State;
import belle.proto.node.NodeQuery.ModelChange;
import belle.proto.node.NodeQuery.ModelInfo;
import belle.proto.node.NodeQuery.ModelStatus;
import belle.session.ServedModel;
import belle.session.ServedModels;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * The bundles that a node has: for each name the one that new streams are computed by, and those that are loaded but not used
 * yet, or not any more. Changed by the guardian alone; {@link #served} and {@link #used} are for any thread.
 */
final class NodeModels {
    /** What a bundle is for. */
    enum Use {
        /** Loaded; new streams are not its yet. */
        NEXT,
        /** New streams of its name are its. */
        USED,
        /** It has the streams that it has. */
        RETIRED
    }

    /** A bundle on the node. */
    static final class Entry {
        final HostedModel model;
        final ActorRef<ModelActor.Command> actor;
        Use use;
        ModelState state;
        Optional<ServedModel> served = Optional.empty();
        /** Who waits for its first token. */
        Optional<ActorRef<ModelChange>> loader;
        /** Who waits for its last turn. */
        Optional<ActorRef<RetirementActor.Command>> retirement = Optional.empty();

        private Entry(
                HostedModel model,
                ActorRef<ModelActor.Command> actor,
                Use use,
                Optional<ActorRef<ModelChange>> loader) {
            this.model = model;
            this.actor = actor;
            this.use = use;
            this.loader = loader;
            this.state = ModelState.starting(model.model().runners().size());
        }

        private ModelStatus status() {
            String label = switch (use) {
                case USED -> state.label();
                case NEXT -> state.state() == State.READY ? "loaded" : state.label();
                case RETIRED -> state.state() == State.READY ? "retired" : state.label();
            };
            int free = state.sum(load -> load.freeBlocks() + load.cachedBlocks());
            return new ModelStatus(
                    model.name(),
                    model.model().identity(),
                    model.model().manifest().weights(),
                    label,
                    state.streams(),
                    state.sum(load -> load.runningSequences()),
                    state.sum(load -> load.waitingSequences()),
                    state.sum(load -> load.pausedSequences()),
                    free,
                    free + state.sum(load -> load.leasedBlocks()),
                    served.map(each -> each.replicas().turns()).orElse(0),
                    state.replicas().size());
        }
    }

    private final List<Entry> entries = new ArrayList<>();
    private final ServedModels served = new ServedModels();
    private volatile Map<String, HostedModel> used = Map.of();

    /** What sessions may compute with. */
    ServedModels served() {
        return served;
    }

    /** The bundles that new streams are computed by, by name, in the order in which they came. */
    Map<String, HostedModel> used() {
        return used;
    }

    List<Entry> all() {
        return List.copyOf(entries);
    }

    void add(HostedModel model, ActorRef<ModelActor.Command> actor, Use use, Optional<ActorRef<ModelChange>> loader) {
        entries.add(new Entry(model, actor, use, loader));
        publish();
    }

    Optional<Entry> of(HostedModel model) {
        return entries.stream().filter(entry -> entry.model.equals(model)).findFirst();
    }

    Optional<Entry> find(String name, String bundle) {
        return entries.stream().filter(entry -> entry.model.is(name, bundle)).findFirst();
    }

    Optional<Entry> used(String name) {
        return entries.stream()
                .filter(entry -> entry.use == Use.USED && entry.model.name().equals(name))
                .findFirst();
    }

    /** Its replicas compute from now on. */
    void ready(Entry entry, ServedModel by) {
        entry.served = Optional.of(by);
        served.add(by);
        if (entry.use == Use.USED) {
            served.use(by);
        }
    }

    /** New streams of its name are its; whose they were before is returned. */
    Optional<Entry> use(Entry entry) {
        Optional<Entry> before = used(entry.model.name()).filter(other -> !other.equals(entry));
        before.ifPresent(other -> other.use = Use.RETIRED);
        entry.use = Use.USED;
        served.use(entry.served.orElseThrow());
        publish();
        return before;
    }

    /** No new stream is its. */
    void retire(Entry entry) {
        entry.use = Use.RETIRED;
        entry.served.ifPresent(served::retire);
        publish();
    }

    /** Nothing is computed by it any more. */
    void remove(Entry entry) {
        entries.remove(entry);
        entry.served.ifPresent(by -> {
            by.replicas().close();
            served.remove(by);
        });
        publish();
    }

    /** Tells whether new streams of every name can be computed. */
    boolean allReady() {
        return entries.stream()
                .filter(entry -> entry.use == Use.USED)
                .allMatch(entry -> entry.served.isPresent() && entry.state.state() == State.READY);
    }

    List<ModelStatus> statuses() {
        return entries.stream().map(Entry::status).toList();
    }

    List<ModelInfo> infos() {
        return used.values().stream().map(HostedModel::info).toList();
    }

    private void publish() {
        Map<String, HostedModel> now = new LinkedHashMap<>();
        entries.stream()
                .filter(entry -> entry.use == Use.USED)
                .forEach(entry -> now.put(entry.model.name(), entry.model));
        used = Collections.unmodifiableMap(now);
    }
}
