package belle.node;

import belle.engine.GenerationRequest;
import belle.engine.Output;
import belle.node.ModelState.State;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.replica.BatchActor;
import belle.replica.KvCacheActor;
import belle.replica.ReplicaParts;
import belle.replica.ReplicaReport;
import belle.session.ServedModel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * A bundle's life on a node: builds its replicas, generates a token with each, and watches them. When it stops, their memory
 * and the tokenizer go.
 */
final class ModelActor extends AbstractBehavior<ModelActor.Command> {
    /** What the node tells it. */
    sealed interface Command {}

    /** Takes no new streams; reports {@link Drained} once none is left. */
    record Drain() implements Command {}

    /** Ends every stream with {@code failure}. */
    record EndAll(Failure failure) implements Command {}

    /** Stops. */
    record Close() implements Command {}

    private record Reported(int replica, ReplicaReport report) implements Command {}

    private record Warmed(int replica, BatchActor.Event event) implements Command {}

    private record ReplicaDrained(BatchActor.Drained drained) implements Command {}

    private record Hung(int replica) implements Command {}

    /** What it tells the node. */
    sealed interface Report {
        HostedModel model();
    }

    /** Every replica has generated a token. */
    record Ready(HostedModel model, ServedModel served) implements Report {}

    /** A replica did not come to its first token; it stops. */
    record NotStarted(HostedModel model, Throwable cause) implements Report {}

    /** How the replicas are now. */
    record Changed(HostedModel model, ModelState state) implements Report {}

    /** A step has not come back for so long that it never will. */
    record StepIsLost(HostedModel model) implements Report {}

    /** No stream is left. */
    record Drained(HostedModel model) implements Report {}

    private final HostedModel model;
    private final NodeConfig config;
    private final TimerScheduler<Command> timers;
    private final ActorRef<Report> node;
    private final Map<Integer, ActorRef<BatchActor.Command>> replicas = new HashMap<>();
    private ModelState state;
    private Optional<ServedModel> served = Optional.empty();
    private int draining;

    /** Serves {@code model}, which it owns from now on, and reports to {@code node}. */
    static Behavior<Command> create(HostedModel model, NodeConfig config, ActorRef<Report> node) {
        return Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new ModelActor(context, timers, model, config, node)));
    }

    private ModelActor(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            HostedModel model,
            NodeConfig config,
            ActorRef<Report> node) {
        super(context);
        this.model = model;
        this.config = config;
        this.timers = timers;
        this.node = node;
        int number = model.model().runners().size();
        this.state = ModelState.starting(number);
        IntStream.range(0, number).forEach(this::build);
    }

    private void build(int replica) {
        var reports = getContext().<ReplicaReport>spawnAnonymous(adapter(report -> new Reported(replica, report)));
        var parts = new ReplicaParts(
                model.name(),
                "%.8s/%d".formatted(model.model().identity(), replica),
                model.model().facts(),
                config.engine(),
                config.replica(),
                model.model().layout(),
                config.plantedFaults().in(model.model().runners().get(replica)));
        getContext().watch(getContext().spawn(KvCacheActor.create(parts, reports), "replica-" + replica));
    }

    /** One for each replica: a message adapter would be one for all. */
    private <M> Behavior<M> adapter(Function<M, Command> toCommand) {
        ActorRef<Command> self = getContext().getSelf();
        return Behaviors.receiveMessage(message -> {
            self.tell(toCommand.apply(message));
            return Behaviors.same();
        });
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onAnyMessage(this::onMessage)
                .onSignal(
                        Terminated.class,
                        gone -> onReplicaGone(gone.getRef().path().name()))
                .onSignal(PostStop.class, _ -> {
                    model.model().tokenizer().close();
                    return this;
                })
                .build();
    }

    private Behavior<Command> onMessage(Command command) {
        return switch (command) {
            case Drain _ -> onDrain();
            case EndAll(var failure) -> {
                replicas.values().forEach(replica -> replica.tell(new BatchActor.EndAll(failure)));
                yield this;
            }
            case Close _ -> Behaviors.stopped();
            case Reported(var replica, var report) -> onReport(replica, report);
            case Warmed(var replica, var event) -> onWarmed(replica, event);
            case ReplicaDrained _ -> {
                if (--draining == 0) {
                    node.tell(new Drained(model));
                }
                yield this;
            }
            case Hung _ -> {
                node.tell(new StepIsLost(model));
                yield this;
            }
        };
    }

    private Behavior<Command> onDrain() {
        draining = replicas.size();
        if (draining == 0) {
            node.tell(new Drained(model));
        }
        var drained = getContext().messageAdapter(BatchActor.Drained.class, ReplicaDrained::new);
        replicas.values().forEach(replica -> replica.tell(new BatchActor.Drain(drained)));
        return this;
    }

    private Behavior<Command> onReport(int replica, ReplicaReport report) {
        switch (report) {
            case ReplicaReport.Built(var _, var batch) -> warmUp(replica, batch);
            case ReplicaReport.Stalled(var name, var step) -> {
                getContext().getLog().error("step {} of {} has not come back in time", step, name);
                timers.startSingleTimer(new Hung(replica), new Hung(replica), config.leaveAfterStall());
                change(replica, State.STALLED);
            }
            case ReplicaReport.Recovered _ -> {
                timers.cancel(new Hung(replica));
                change(replica, State.READY);
            }
            case ReplicaReport.Load load -> {
                state = state.change(replica, before -> before.with(load));
                node.tell(new Changed(model, state));
            }
        }
        return this;
    }

    /** The first token of a model proves its graph, its weights and its kernels. */
    private void warmUp(int replica, ActorRef<BatchActor.Command> batch) {
        replicas.put(replica, batch);
        var events = getContext().<BatchActor.Event>spawnAnonymous(adapter(event -> new Warmed(replica, event)));
        var request = new GenerationRequest(model.name(), Tokens.of(0), SamplingParams.greedy(1), "warm-up", false);
        batch.tell(new BatchActor.Submit(request, 0, false, events));
    }

    private Behavior<Command> onWarmed(int replica, BatchActor.Event event) {
        return switch (event) {
            case BatchActor.Admitted _ -> this;
            case BatchActor.Rejected rejected -> onNotStarted(rejected.failure());
            case BatchActor.Lost(var name, var _, var _) ->
                onNotStarted(new Failure.Internal("the batch loop of " + name + " crashed at its first token"));
            case BatchActor.Produced(var _, var _, var outputs) ->
                switch (outputs.getLast()) {
                    case Output.Done _ -> onFirstToken(replica);
                    case Output.Failed(var _, var failure) -> onNotStarted(failure);
                    case Output.Token _, Output.Finished _, Output.PromptScored _ -> this;
                };
        };
    }

    private Behavior<Command> onFirstToken(int replica) {
        change(replica, State.READY);
        if (state.state() == State.READY && served.isEmpty()) {
            List<ActorRef<BatchActor.Command>> inOrder = new ArrayList<>();
            IntStream.range(0, replicas.size()).forEach(i -> inOrder.add(Objects.requireNonNull(replicas.get(i))));
            served = Optional.of(model.served(inOrder));
            node.tell(new Ready(model, served.get()));
        }
        return this;
    }

    private Behavior<Command> onNotStarted(Failure failure) {
        node.tell(new NotStarted(model, new FailureException(failure)));
        return Behaviors.stopped();
    }

    private void change(int replica, State now) {
        state = state.change(replica, before -> before.in(now));
        node.tell(new Changed(model, state));
    }

    /** Its turns go on with another replica, if there is one. */
    private Behavior<Command> onReplicaGone(String name) {
        if (served.isEmpty()) {
            return onNotStarted(new Failure.Internal(name + " of " + model.name() + " stopped before its first token"));
        }
        getContext().getLog().error("{} of {} is down", name, model.name());
        int replica = Integer.parseInt(name.substring(name.lastIndexOf('-') + 1));
        served.get().replicas().remove(Objects.requireNonNull(replicas.remove(replica)));
        change(replica, State.DOWN);
        return this;
    }
}
