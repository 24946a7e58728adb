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
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.Member;

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
    private final long begun;
    private long lastUsed;

    private RetirementActor(ServedModel model, RetireConfig config, ActorSystem<?> system, LongSupplier nanos) {
        this.model = model;
        this.config = config;
        this.system = system;
        this.nanos = nanos;
        this.begun = nanos.getAsLong();
        this.lastUsed = begun;
    }

    /** Runs {@code over}, once, when {@code model} may go. */
    static Behavior<Command> create(ServedModel model, RetireConfig config, LongSupplier nanos, Runnable over) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            var waiting = new RetirementActor(model, config, context.getSystem(), nanos);
            timers.startSingleTimer(new Look(), config.poll());
            return Behaviors.receiveMessage(command -> switch (command) {
                case Look _ -> {
                    context.pipeToSelf(waiting.isUsed(), (used, failure) -> new Seen(failure != null || used));
                    yield Behaviors.same();
                }
                case Seen(var used) -> {
                    if (waiting.isOver(used)) {
                        over.run();
                        yield Behaviors.stopped();
                    }
                    timers.startSingleTimer(new Look(), config.poll());
                    yield Behaviors.same();
                }
            });
        }));
    }

    /** A member that does not answer may have a turn. */
    private CompletionStage<Boolean> isUsed() {
        boolean here = model.replicas().turns() > 0;
        List<CompletableFuture<Boolean>> others = new ArrayList<>();
        for (Member member : OtherNodes.of(system)) {
            others.add(NodeLookup.ask(system, member.address(), NodeQuery.AskStatus::new, ANSWER_LIMIT)
                    .thenApply(this::isUsedBy)
                    .toCompletableFuture());
        }
        return CompletableFuture.allOf(others.toArray(CompletableFuture<?>[]::new))
                .thenApply(_ -> here || others.stream().anyMatch(CompletableFuture::join));
    }

    private boolean isUsedBy(NodeStatus node) {
        return node.models().stream()
                .anyMatch(each ->
                        each.id().equals(model.name()) && each.bundle().equals(model.bundle()) && each.turns() > 0);
    }

    private boolean isOver(boolean used) {
        long now = nanos.getAsLong();
        lastUsed = used ? now : lastUsed;
        return now - lastUsed >= config.grace().toNanos()
                || now - begun >= config.deadline().toNanos();
    }
}
