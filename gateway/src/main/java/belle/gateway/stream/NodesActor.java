package belle.gateway.stream;

import belle.gateway.stream.ModelDirectory.Served;
import belle.proto.node.NodeLookup;
import belle.proto.node.NodeQuery;
import belle.proto.node.NodeQuery.ModelInfo;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;

/** Keeps the {@link ModelDirectory} up to date: told of nodes by the receptionist, asks each for its models. */
final class NodesActor extends AbstractBehavior<NodesActor.Command> {
    sealed interface Command {}

    /** The nodes there are now. */
    private record Listed(Set<ActorRef<NodeQuery>> nodes) implements Command {}

    /** A node told its models, or did not answer. */
    private record Told(ActorRef<NodeQuery> node, Optional<List<ModelInfo>> models) implements Command {}

    /** Time to ask again. */
    private record Refresh() implements Command {}

    private final ModelDirectory directory;
    private final StreamConfig config;
    private final Map<ActorRef<NodeQuery>, List<ModelInfo>> models = new HashMap<>();
    private Set<ActorRef<NodeQuery>> nodes = Set.of();

    static Behavior<Command> create(ModelDirectory directory, StreamConfig config) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            timers.startTimerWithFixedDelay(new Refresh(), config.refreshInterval());
            return new NodesActor(directory, config, context);
        }));
    }

    private NodesActor(ModelDirectory directory, StreamConfig config, ActorContext<Command> context) {
        super(context);
        this.directory = directory;
        this.config = config;
        NodeLookup.subscribe(context, Listed::new);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder().onAnyMessage(this::onMessage).build();
    }

    private Behavior<Command> onMessage(Command command) {
        switch (command) {
            case Listed(Set<ActorRef<NodeQuery>> now) -> {
                nodes = now;
                models.keySet().retainAll(now);
                nodes.forEach(this::ask);
            }
            case Told(ActorRef<NodeQuery> node, Optional<List<ModelInfo>> told) -> {
                if (nodes.contains(node)) {
                    told.ifPresent(list -> models.put(node, list)); // A busy node keeps what it told last.
                }
            }
            case Refresh _ -> nodes.forEach(this::ask);
        }
        publish();
        return this;
    }

    private void ask(ActorRef<NodeQuery> node) {
        getContext()
                .ask(
                        NodeQuery.Models.class,
                        node,
                        config.acceptTimeout(),
                        NodeQuery.ListModels::new,
                        (answer, _) ->
                                new Told(node, Optional.ofNullable(answer).map(NodeQuery.Models::models)));
    }

    private void publish() {
        var byId = new TreeMap<String, Served>();
        models.forEach((node, list) -> list.forEach(info -> byId.merge(
                info.id(),
                new Served(info, List.of(node)),
                (known, more) -> new Served(
                        known.info(),
                        Stream.concat(known.nodes().stream(), more.nodes().stream())
                                .toList()))));
        directory.publish(byId);
    }
}
