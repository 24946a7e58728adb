package belle.replica;

import belle.engine.Engine;
import belle.engine.EngineLoad;
import belle.engine.GenerationRequest;
import belle.engine.KvCache;
import belle.engine.Output;
import belle.engine.Step;
import belle.proto.Failure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.PreRestart;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;

/**
 * The batch loop of a replica: requests into the {@link Engine}, its steps to the rank, what they gave to the sessions.
 * Decides nothing itself and never blocks.
 *
 * <p>It begins by borrowing the cache. When it crashes it is restarted in place; when the ranks lose what they held, it begins again
 * with an empty cache. Either way it tells every session that its stream was lost; they submit it again. So it does with the streams of a
 * step that failed, unless there was but one. A stream whose steps fail one after the other is computed alone ({@link Isolation}).
 */
public final class BatchActor extends AbstractBehavior<BatchActor.Command> {
    /** What sessions, the node, and the replica's other actors tell the loop. */
    public sealed interface Command {}

    /**
     * Starts a stream. Answered by {@link Admitted} or {@link Rejected}.
     *
     * @param epoch tells its attempts apart
     * @param suspect steps that computed it failed, one after the other: it is computed alone until it has got on
     */
    public record Submit(GenerationRequest request, long epoch, boolean suspect, ActorRef<Event> replyTo)
            implements Command {}

    /** Computes nothing more for the stream until {@link Resume}; its reader is slow. */
    public record Pause(String stream, long epoch) implements Command {}

    /** Goes on with a paused stream. */
    public record Resume(String stream, long epoch) implements Command {}

    /** Ends a stream; nothing more is said of it. */
    public record Cancel(String stream, long epoch) implements Command {}

    /** Refuses new streams from now on, and answers once none is left. */
    public record Drain(ActorRef<Drained> replyTo) implements Command {}

    /** Ends every stream with {@code failure}. */
    public record EndAll(Failure failure) implements Command {}

    record Lent(long loan, KvCache cache) implements Command {}

    private record Answered(RankActor.Answer answer) implements Command {}

    private record Tick() implements Command {}

    /** What a session hears of its stream. */
    public sealed interface Event {
        String stream();

        long epoch();
    }

    /** The stream is queued; outputs follow. */
    public record Admitted(String stream, long epoch) implements Event {}

    /** The stream is not computed. */
    public record Rejected(String stream, long epoch, Failure failure) implements Event {}

    /** What one step gave to the stream. After {@link Output.Done} or {@link Output.Failed} nothing follows. */
    public record Produced(String stream, long epoch, List<Output> outputs) implements Event {}

    /**
     * The stream is not known any more, and may be submitted again.
     *
     * @param suspected it may have been the reason: it was in the step that failed, or nobody knows better
     */
    public record Lost(String stream, long epoch, boolean suspected) implements Event {}

    /** No stream is left. */
    public record Drained(String model) {}

    private static final Duration TICK = Duration.ofMillis(500);

    private final ReplicaParts parts;
    private final Beginning beginning;
    private final ActorRef<ReplicaReport> node;
    private final Engine engine;
    private final Clients clients;
    private final Rank rank;
    private final ReplicaMetrics metrics;
    private boolean draining;
    private Optional<ActorRef<Drained>> drainer = Optional.empty();
    private boolean stalled;

    /** A loop that borrows the cache from {@code cache}, runs steps on {@code rank}, and reports to {@code node}. */
    static Behavior<Command> create(
            ReplicaParts parts,
            ActorRef<KvCacheActor.Command> cache,
            ActorRef<RankActor.Run> rank,
            ActorRef<ReplicaReport> node) {
        var beginning = new Beginning(parts, cache, rank, node);
        Behavior<Command> loop = Behaviors.setup(context -> beginning.borrow(context, List.of()));
        var restart = SupervisorStrategy.restart()
                .withLimit(parts.replica().maxRestarts(), parts.replica().restartWindow());
        return Behaviors.supervise(loop).onFailure(RuntimeException.class, restart);
    }

    /** How a loop begins; shared by all that follow one another, so that each has a loan of its own. */
    private static final class Beginning {
        private final ReplicaParts parts;
        private final ActorRef<KvCacheActor.Command> cache;
        private final ActorRef<RankActor.Run> rank;
        private final ActorRef<ReplicaReport> node;
        private long loans;

        Beginning(
                ReplicaParts parts,
                ActorRef<KvCacheActor.Command> cache,
                ActorRef<RankActor.Run> rank,
                ActorRef<ReplicaReport> node) {
            this.parts = parts;
            this.cache = cache;
            this.rank = rank;
            this.node = node;
        }

        /** Keeps what arrives before the cache does, in its order, behind {@code first}. */
        Behavior<Command> borrow(ActorContext<Command> asker, List<Command> first) {
            long loan = ++loans;
            cache.tell(new KvCacheActor.Borrow(loan, asker.getSelf()));
            List<Command> early = new ArrayList<>(first);
            return Behaviors.receive((context, command) -> {
                if (!(command instanceof Lent lent)) {
                    early.add(command);
                    return Behaviors.same();
                }
                if (lent.loan() != loan) {
                    return Behaviors.same();
                }
                return Behaviors.withTimers(timers -> {
                    timers.startTimerWithFixedDelay(new Tick(), TICK);
                    BatchActor loop = new BatchActor(context, this, lent);
                    early.forEach(loop::onMessage);
                    return loop;
                });
            });
        }

        /** Begins again when the ranks have lost what they held. */
        Behavior<Command> again(ActorContext<Command> asker, List<Command> first) {
            cache.tell(new KvCacheActor.Forget());
            return borrow(asker, first);
        }
    }

    private BatchActor(ActorContext<Command> context, Beginning beginning, Lent lent) {
        super(context);
        this.beginning = beginning;
        this.parts = beginning.parts;
        this.node = beginning.node;
        this.engine = new Engine(parts.engine(), parts.facts(), lent.cache());
        this.metrics = new ReplicaMetrics(parts.model(), parts.label());
        this.clients = new Clients(metrics, engine);
        this.rank = new Rank(
                lent.loan(),
                beginning.rank,
                context.messageAdapter(RankActor.Answer.class, Answered::new),
                System::nanoTime);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onAnyMessage(this::onMessage)
                .onSignal(PreRestart.class, _ -> onCrash())
                .onSignal(PostStop.class, _ -> onStop())
                .build();
    }

    private Behavior<Command> onMessage(Command command) {
        switch (command) {
            case Submit submit -> onSubmit(submit);
            case Pause(var stream, var epoch) -> clients.pause(Clients.name(stream, epoch));
            case Resume(var stream, var epoch) -> clients.resume(Clients.name(stream, epoch));
            case Cancel(var stream, var epoch) -> onCancel(Clients.name(stream, epoch));
            case Drain(var replyTo) -> onDrain(replyTo);
            case EndAll(var failure) -> onEndAll(failure);
            case Lent _ -> {}
            case Answered(var answer)
            when rank.isOurs(answer) -> {
                switch (answer) {
                    case RankActor.CacheLost lost -> {
                        return onCacheLost(lost);
                    }
                    case RankActor.StepEnded ended -> onEnded(ended);
                }
            }
            case Answered _ -> {}
            case Tick _ -> onTick();
        }
        runNextStep();
        return this;
    }

    private Behavior<Command> onCacheLost(RankActor.CacheLost lost) {
        recovered();
        clients.loseAll(name -> !lost.begun() || lost.step().streams().contains(name));
        return beginning.again(
                getContext(),
                drainer.<List<Command>>map(replyTo -> List.of(new Drain(replyTo)))
                        .orElse(List.of()));
    }

    private void onSubmit(Submit submit) {
        String name = Clients.name(submit.request().stream(), submit.epoch());
        Optional<Failure> refusal = draining
                ? Optional.of(new Failure.Unavailable("this node is shutting down; try again"))
                : engine.submit(
                        Clients.named(name, submit.request()), parts.replica().retryAfterSeconds());
        refusal.ifPresentOrElse(
                failure -> submit.replyTo().tell(new Rejected(submit.request().stream(), submit.epoch(), failure)),
                () -> clients.add(name, submit));
        clients.deliver(engine.takeSettled());
    }

    private void onCancel(String name) {
        engine.cancel(name);
        clients.remove(name);
    }

    private void onDrain(ActorRef<Drained> replyTo) {
        draining = true;
        drainer = Optional.of(replyTo);
    }

    private void onEndAll(Failure failure) {
        for (String name : clients.names()) {
            engine.cancel(name);
            clients.deliver(List.of(new Output.Failed(name, failure)));
        }
    }

    private void onEnded(RankActor.StepEnded ended) {
        long nanos = rank.finish();
        metrics.stepTook(nanos);
        clients.deliver(
                switch (ended) {
                    case RankActor.StepDone(var _, var step, var logits) -> {
                        engine.took(step, nanos);
                        yield engine.complete(step, logits);
                    }
                    case RankActor.StepFailed(var _, var step, var failure) -> failed(step, failure);
                });
        recovered();
    }

    /** Where it can be the fault of one stream among others, all of them may try again: they are not told the failure. */
    private List<Output> failed(Step step, Failure failure) {
        Set<String> streams = step.streams();
        if (streams.size() > 1) {
            streams.forEach(clients::lose);
        }
        return engine.failStep(step, failure);
    }

    private void recovered() {
        if (stalled) {
            stalled = false;
            node.tell(new ReplicaReport.Recovered(parts.model()));
        }
    }

    private void onTick() {
        EngineLoad load = engine.load();
        metrics.holds(load, clients.size());
        node.tell(new ReplicaReport.Load(parts.model(), load, clients.size()));
        if (!stalled && rank.runsLongerThan(parts.replica().stepDeadline())) {
            stalled = true;
            node.tell(new ReplicaReport.Stalled(parts.model(), rank.stepsRun()));
        }
    }

    private void runNextStep() {
        engine.nextStep().ifPresent(rank::run);
        if (clients.size() == 0) {
            drainer.ifPresent(replyTo -> replyTo.tell(new Drained(parts.model())));
            drainer = Optional.empty();
        }
    }

    private Behavior<Command> onStop() {
        metrics.remove();
        return this;
    }

    private Behavior<Command> onCrash() {
        clients.loseAll(_ -> true);
        return this;
    }
}
