package belle.node;

import belle.proto.node.NodeLookup;
import belle.proto.node.NodeQuery;
import belle.proto.node.NodeQuery.NodeStatus;
import belle.session.ServedModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.typed.Cluster;

/**
 * Waits until nobody needs a retired bundle any more: no node of the cluster has had a turn of it for a while, so that none can be on
 * its way from a node that died. Then, or after the deadline, it says so and stops.
 */
final class RetirementActor {
    /** What it hears. */
    sealed interface Command {}

    private record Look() implements Command {}

    private record Seen(boolean used) implements Command {}

    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(2);

    private final ServedModel model;
    private final RetireConfig config;
    private final ActorSystem<?> system;
    private final LongSupplier nanos;
    private final Runnable over;
    private final long begun;
    private long lastUsed;

    private RetirementActor(
            ServedModel model, RetireConfig config, ActorSystem<?> system, LongSupplier nanos, Runnable over) {
        this.model = model;
        this.config = config;
        this.system = system;
        this.nanos = nanos;
        this.over = over;
        this.begun = nanos.getAsLong();
        this.lastUsed = begun;
    }

    /** Runs {@code over}, once, when {@code model} may go. */
    static Behavior<Command> create(ServedModel model, RetireConfig config, LongSupplier nanos, Runnable over) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            var waiting = new RetirementActor(model, config, context.getSystem(), nanos, over);
            timers.startSingleTimer(new Look(), config.poll());
            return Behaviors.receiveMessage(command -> switch (command) {
                case Look _ -> {
                    context.pipeToSelf(waiting.isUsed(), (used, failure) -> new Seen(failure != null || used));
                    yield Behaviors.same();
                }
                case Seen(var used) -> {
                    timers.startSingleTimer(new Look(), config.poll());
                    yield waiting.seen(used) ? Behaviors.stopped() : Behaviors.same();
                }
            });
        }));
    }

    /** A member that does not answer may have a turn. */
    private CompletionStage<Boolean> isUsed() {
        boolean here = model.replicas().turns() > 0;
        List<CompletableFuture<Boolean>> others = new ArrayList<>();
        for (Address member : otherNodes()) {
            others.add(NodeLookup.ask(system, member, NodeQuery.AskStatus::new, ANSWER_LIMIT)
                    .thenApply(this::isUsedBy)
                    .toCompletableFuture());
        }
        return CompletableFuture.allOf(others.toArray(CompletableFuture<?>[]::new))
                .thenApply(_ -> here || others.stream().anyMatch(CompletableFuture::join));
    }

    private List<Address> otherNodes() {
        Cluster cluster = Cluster.get(system);
        List<Address> nodes = new ArrayList<>();
        for (Member member : cluster.state().getMembers()) {
            if (member.hasRole(Node.ROLE) && !member.equals(cluster.selfMember())) {
                nodes.add(member.address());
            }
        }
        return nodes;
    }

    private boolean isUsedBy(NodeStatus node) {
        return node.models().stream()
                .anyMatch(each ->
                        each.id().equals(model.name()) && each.bundle().equals(model.bundle()) && each.turns() > 0);
    }

    private boolean seen(boolean used) {
        long now = nanos.getAsLong();
        lastUsed = used ? now : lastUsed;
        boolean unused = now - lastUsed >= config.grace().toNanos();
        if (unused || now - begun >= config.deadline().toNanos()) {
            over.run();
            return true;
        }
        return false;
    }
}
