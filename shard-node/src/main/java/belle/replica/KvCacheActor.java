package belle.replica;

import belle.engine.KvCache;
import belle.runtime.KvLayout;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * Root of a replica: owns the books of its cache, whose memory the ranks have, and outlives everything that works on them.
 *
 * <p>The batch loop and the ranks' actor are its children. The books are lent to one batch loop at a time. A loop that crashed is restarted and borrows again; its leases
 * are then taken back and what it had filled stays cached. When the loop or the ranks are gone for good, so is the replica.
 */
public final class KvCacheActor {
    /** What a batch loop asks. */
    public sealed interface Command {}

    /** Asks for the books, in the name of a loop that has begun; an earlier loan is over. */
    record Borrow(long loan, ActorRef<BatchActor.Command> borrower) implements Command {}

    /** The ranks have lost what they held. */
    record Forget() implements Command {}

    private final ActorContext<Command> context;
    private final ReplicaParts parts;
    private KvCache cache;
    private boolean lent;

    /** A replica of {@code parts}, which it owns from now on; tells {@code node} how it fares. */
    public static Behavior<Command> create(ReplicaParts parts, ActorRef<ReplicaReport> node) {
        return Behaviors.setup(context -> new KvCacheActor(context, parts).begin(node));
    }

    private KvCacheActor(ActorContext<Command> context, ReplicaParts parts) {
        this.context = context;
        this.parts = parts;
        this.cache = emptyBooks();
    }

    private Behavior<Command> begin(ActorRef<ReplicaReport> node) {
        ActorRef<RankActor.Run> rank = context.spawn(RankActor.create(parts.runner()), "rank-0", RankActor.DISPATCHER);
        ActorRef<BatchActor.Command> batch =
                context.spawn(BatchActor.create(parts, context.getSelf(), rank, node), "batch");
        context.watch(rank);
        context.watch(batch);
        node.tell(new ReplicaReport.Built(parts.model(), batch));
        return Behaviors.receive(this::onMessage, this::onSignal);
    }

    private Behavior<Command> onMessage(ActorContext<Command> ignored, Command command) {
        return switch (command) {
            case Borrow(var loan, var borrower) -> {
                takeBack();
                lent = true;
                borrower.tell(new BatchActor.Lent(loan, cache));
                yield Behaviors.same();
            }
            case Forget _ -> {
                lent = false;
                cache = emptyBooks();
                yield Behaviors.same();
            }
        };
    }

    private Behavior<Command> onSignal(ActorContext<Command> ignored, Signal signal) {
        if (signal instanceof Terminated gone) {
            context.getLog()
                    .error(
                            "replica of {} stops: {} is gone",
                            parts.model(),
                            gone.getRef().path().name());
            return Behaviors.stopped();
        }
        return Behaviors.same();
    }

    /** Ends a loan. Books that are not sound are given up: the pool is then empty, as after a start. */
    private void takeBack() {
        if (!lent) {
            return;
        }
        try {
            cache.reclaim();
            cache.checkIntegrity();
            context.getLog()
                    .warn("took back the cache of {}: {} blocks stay cached", parts.model(), cache.cachedBlocks());
        } catch (RuntimeException unsound) {
            context.getLog().error("the cache of {} is unsound and starts empty", parts.model(), unsound);
            cache = emptyBooks();
        }
    }

    private KvCache emptyBooks() {
        KvLayout layout = parts.layout();
        return new KvCache(layout.blocks(), layout.blockTokens());
    }
}
