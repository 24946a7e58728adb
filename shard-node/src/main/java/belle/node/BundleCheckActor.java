package belle.node;

import belle.proto.Failure;
import belle.proto.node.NodeLookup;
import belle.proto.node.NodeQuery;
import belle.proto.node.NodeQuery.ModelInfo;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;

/**
 * Compares a new node's models with those of every older node before it serves: a stream that moves between two of one
 * name that differ in their bundle, in the type of their cache or in the room for a sequence would go on with other tokens. Of any two
 * nodes the younger one asks, so that no pair is missed. What the older ones have loaded while they served is the younger one's to load.
 */
final class BundleCheckActor extends AbstractBehavior<BundleCheckActor.Command> {
    /** What the check hears. */
    sealed interface Command {}

    private record Told(Address member, List<ModelInfo> models) implements Command {}

    private record Silent() implements Command {}

    private record AskAgain() implements Command {}

    private record GiveUp() implements Command {}

    /**
     * How the check went.
     *
     * @param failure why the node cannot serve; empty when all agree
     * @param missing what it has to load first
     */
    record Verdict(Optional<Failure> failure, List<ModelInfo> missing) {}

    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(2);
    private static final Duration RETRY = Duration.ofMillis(500);

    private final List<ModelInfo> own;
    private final Duration limit;
    private final ActorRef<Verdict> replyTo;
    private final Map<Address, List<ModelInfo>> told = new HashMap<>();

    /** Checks {@code own} and stops; members that say nothing within {@code limit} fail the check. */
    static Behavior<Command> create(List<ModelInfo> own, Duration limit, ActorRef<Verdict> replyTo) {
        return Behaviors.setup(context ->
                Behaviors.withTimers(timers -> new BundleCheckActor(context, timers, own, limit, replyTo).ask()));
    }

    private BundleCheckActor(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            List<ModelInfo> own,
            Duration limit,
            ActorRef<Verdict> replyTo) {
        super(context);
        this.own = own;
        this.limit = limit;
        this.replyTo = replyTo;
        timers.startTimerWithFixedDelay(new AskAgain(), RETRY);
        timers.startSingleTimer(new GiveUp(), limit);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder().onAnyMessage(this::onMessage).build();
    }

    private Behavior<Command> onMessage(Command command) {
        return switch (command) {
            case Told(var member, var models) -> onTold(member, models);
            case Silent _ -> this;
            case AskAgain _ -> ask();
            case GiveUp _ ->
                close(
                        Optional.of(new Failure.Unavailable("these members did not tell their models within "
                                + limit.toSeconds() + " s: "
                                + open().stream().map(NodeLookup::hostPort).toList())),
                        List.of());
        };
    }

    private Behavior<Command> onTold(Address member, List<ModelInfo> models) {
        told.put(member, models);
        return open().isEmpty() ? end() : this;
    }

    /** What is missing comes first: the check is made again when it is here. */
    private Behavior<Command> end() {
        List<ModelInfo> missing = missing();
        return close(missing.isEmpty() ? difference() : Optional.empty(), missing);
    }

    private Optional<Failure> difference() {
        return told.entrySet().stream()
                .flatMap(member ->
                        BundleDifference.of(own, NodeLookup.hostPort(member.getKey()), member.getValue()).stream())
                .findFirst();
    }

    /** One of a name: while the cluster changes a model, its members may tell of two. */
    private List<ModelInfo> missing() {
        Map<String, ModelInfo> missing = new TreeMap<>();
        told.values().stream()
                .flatMap(List::stream)
                .filter(model -> !model.loadedFrom().isEmpty() && !has(model))
                .forEach(model -> missing.put(model.id(), model));
        return List.copyOf(missing.values());
    }

    private boolean has(ModelInfo model) {
        return own.stream()
                .anyMatch(mine -> mine.id().equals(model.id()) && mine.bundle().equals(model.bundle()));
    }

    /** Asks the older nodes that have not answered; those that have left meanwhile are not asked any more. */
    private Behavior<Command> ask() {
        Set<Address> open = open();
        if (open.isEmpty()) {
            return end();
        }
        for (Address member : open) {
            getContext()
                    .pipeToSelf(
                            NodeLookup.ask(getContext().getSystem(), member, NodeQuery.ListModels::new, ANSWER_LIMIT),
                            (answer, _) -> answer == null ? new Silent() : new Told(member, answer.models()));
        }
        return this;
    }

    private Set<Address> open() {
        Member self = Cluster.get(getContext().getSystem()).selfMember();
        Set<Address> open = new HashSet<>();
        for (Member member : OtherNodes.of(getContext().getSystem())) {
            boolean serves =
                    member.status().equals(MemberStatus.up()) || member.status().equals(MemberStatus.leaving());
            if (serves && member.isOlderThan(self)) {
                open.add(member.address());
            }
        }
        open.removeAll(told.keySet());
        return open;
    }

    private Behavior<Command> close(Optional<Failure> failure, List<ModelInfo> missing) {
        replyTo.tell(new Verdict(failure, missing));
        return Behaviors.stopped();
    }
}
