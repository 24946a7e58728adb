package belle.gateway.placement;

import belle.proto.node.NodeLookup;
import belle.proto.node.NodeQuery;
import belle.proto.node.ShardLookup;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.cluster.typed.Cluster;

/** Keeps {@link SessionPlaces} up to date: asks the nodes what they have to do, and the regions where the shards are. */
final class PlacesActor extends AbstractBehavior<PlacesActor.Command> {
    /** What the actor hears. */
    sealed interface Command {}

    private record Listed(Set<ActorRef<NodeQuery>> nodes) implements Command {}

    private record Refresh() implements Command {}

    private record Located(Map<Integer, String> homes) implements Command {}

    private record Counted(ActorRef<NodeQuery> node, int streams) implements Command {}

    private static final Duration LIMIT = Duration.ofSeconds(2);

    private final SessionPlaces places;
    private final Map<ActorRef<NodeQuery>, Integer> streams = new HashMap<>();
    private Set<ActorRef<NodeQuery>> nodes = Set.of();
    private Map<Integer, String> homes = Map.of();

    /** Asks every {@code interval} while there is more than one node. */
    static Behavior<Command> create(SessionPlaces places, Duration interval) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            timers.startTimerWithFixedDelay(new Refresh(), interval);
            return new PlacesActor(places, context);
        }));
    }

    private PlacesActor(SessionPlaces places, ActorContext<Command> context) {
        super(context);
        this.places = places;
        NodeLookup.subscribe(context, Listed::new);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder().onAnyMessage(this::onMessage).build();
    }

    private Behavior<Command> onMessage(Command command) {
        switch (command) {
            case Listed(var now) -> {
                nodes = now;
                streams.keySet().retainAll(now);
            }
            case Refresh _ -> refresh();
            case Located(var now) -> homes = now;
            case Counted(var node, var count) -> {
                if (nodes.contains(node)) {
                    streams.put(node, count);
                }
            }
        }
        Map<String, Integer> byName = new HashMap<>();
        streams.forEach((node, count) -> byName.put(name(node), count));
        places.update(homes, byName);
        return this;
    }

    private void refresh() {
        if (nodes.size() < 2) {
            return;
        }
        for (ActorRef<NodeQuery> node : nodes) {
            getContext()
                    .ask(
                            NodeQuery.NodeStatus.class,
                            node,
                            LIMIT,
                            NodeQuery.AskStatus::new,
                            (status, _) -> Optional.ofNullable(status)
                                    .map(known -> new Counted(
                                            node,
                                            known.models().stream()
                                                    .mapToInt(NodeQuery.ModelStatus::streams)
                                                    .sum()))
                                    .orElse(new Counted(node, streams.getOrDefault(node, 0))));
        }
        getContext()
                .pipeToSelf(
                        ShardLookup.shards(getContext().getSystem(), LIMIT),
                        (shards, _) ->
                                new Located(shards.map(PlacesActor::homes).orElse(homes)));
    }

    private static Map<Integer, String> homes(Map<Address, Map<Integer, Integer>> shards) {
        Map<Integer, String> homes = new HashMap<>();
        shards.forEach((member, sessions) ->
                sessions.keySet().forEach(shard -> homes.put(shard, NodeLookup.hostPort(member))));
        return homes;
    }

    private String name(ActorRef<NodeQuery> node) {
        var address = node.path().address();
        return NodeLookup.hostPort(
                address.hasGlobalScope()
                        ? address
                        : Cluster.get(getContext().getSystem()).selfMember().address());
    }
}
