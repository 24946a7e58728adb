package belle.node;

import belle.engine.EngineConfig;
import belle.engine.GenerationRequest;
import belle.engine.Output;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.proto.node.NodeQuery;
import belle.replica.BatchActor;
import belle.replica.KvCacheActor;
import belle.replica.ReplicaParts;
import belle.replica.ReplicaReport;
import belle.session.ServedModel;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;

/**
 * Root of a node: opens its bundles, builds a replica of each, opens the sessions' shard region, and has the node listed
 * once every replica has generated a token. The node is off the list while a replica is stalled or down, and when it
 * drains.
 */
final class NodeGuardian extends AbstractBehavior<NodeGuardian.Command> {
    /** What the guardian hears. */
    sealed interface Command {}

    /**
     * Takes no new streams; then answers. Where no other node takes over those that run, it waits for them first and ends
     * them after the deadline.
     */
    record Drain(ActorRef<Done> replyTo) implements Command {}

    private record Opened(List<HostedModel> models) implements Command {}

    private record NotOpened(Throwable cause) implements Command {}

    private record Reported(ReplicaReport report) implements Command {}

    private record Warmed(BatchActor.Event event) implements Command {}

    private record ReplicaDrained(BatchActor.Drained drained) implements Command {}

    private record DeadlineIsOver() implements Command {}

    private final TimerScheduler<Command> timers;
    private final NodeConfig config;
    private final CompletableFuture<Node> started;
    private final Map<String, HostedModel> models = new LinkedHashMap<>();
    private final Map<String, ActorRef<BatchActor.Command>> replicas = new LinkedHashMap<>();
    /** Models that have not generated a token yet, are stalled, or are down. */
    private final Set<String> notReady = new HashSet<>();

    private Optional<ActorRef<NodeQuery>> queries = Optional.empty();
    private Optional<ActorRef<Done>> drainer = Optional.empty();

    /**
     * A node that opens {@code bundles}.
     *
     * @param started completed when every model has generated a token, or failed with why not
     */
    static Behavior<Command> create(NodeConfig config, List<BundleSpec> bundles, CompletableFuture<Node> started) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            var guardian = new NodeGuardian(context, timers, config, started);
            var blocking = context.getSystem().dispatchers().lookup(DispatcherSelector.blocking());
            context.pipeToSelf(
                    CompletableFuture.supplyAsync(() -> HostedModel.openAll(bundles, config.runtime()), blocking),
                    (opened, failure) -> failure == null ? new Opened(opened) : new NotOpened(failure));
            return guardian;
        }));
    }

    private NodeGuardian(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            NodeConfig config,
            CompletableFuture<Node> started) {
        super(context);
        this.timers = timers;
        this.config = config;
        this.started = started;
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onAnyMessage(this::onMessage)
                .onSignal(
                        Terminated.class,
                        gone -> onReplicaGone(gone.getRef().path().name()))
                .onSignal(PostStop.class, _ -> onStop())
                .build();
    }

    private Behavior<Command> onMessage(Command command) {
        return switch (command) {
            case Drain(var replyTo) -> onDrain(replyTo);
            case Opened(var opened) -> onOpened(opened);
            case NotOpened(var cause) -> onNotStarted(cause);
            case Reported(var report) -> onReport(report);
            case Warmed(var event) -> onWarmed(event);
            case ReplicaDrained(var drained) -> onReplicaDrained(drained.model());
            case DeadlineIsOver _ -> onDeadline();
        };
    }

    private Behavior<Command> onDrain(ActorRef<Done> replyTo) {
        drainer = Optional.of(replyTo);
        list();
        if (replicas.isEmpty() || othersTakeOver()) {
            replyTo.tell(Done.done());
            return this;
        }
        var drained = getContext().messageAdapter(BatchActor.Drained.class, ReplicaDrained::new);
        replicas.values().forEach(replica -> replica.tell(new BatchActor.Drain(drained)));
        timers.startSingleTimer(new DeadlineIsOver(), config.drainDeadline());
        return this;
    }

    /** Where other nodes are up, their sessions go on with the streams as soon as those here stop: nothing to wait for. */
    private boolean othersTakeOver() {
        Cluster cluster = Cluster.get(getContext().getSystem());
        Member self = cluster.selfMember();
        for (Member member : cluster.state().getMembers()) {
            boolean up = member.status().equals(MemberStatus.up());
            if (up && member.hasRole(Node.ROLE) && !member.equals(self)) {
                return true;
            }
        }
        return false;
    }

    private Behavior<Command> onOpened(List<HostedModel> opened) {
        EngineConfig engine = config.engine();
        var reports = getContext().messageAdapter(ReplicaReport.class, Reported::new);
        for (HostedModel hosted : opened) {
            models.put(hosted.name(), hosted);
            notReady.add(hosted.name());
            ReplicaParts parts = new ReplicaParts(
                    hosted.name(),
                    hosted.model().facts(),
                    engine,
                    config.replica(),
                    hosted.model().pool(),
                    hosted.model().runner());
            getContext().watch(getContext().spawn(KvCacheActor.create(parts, reports), "replica-" + models.size()));
        }
        return this;
    }

    private Behavior<Command> onReport(ReplicaReport report) {
        switch (report) {
            case ReplicaReport.Built(var model, var batch) -> onBuilt(model, batch);
            case ReplicaReport.Stalled(var model, var step) -> {
                getContext().getLog().error("step {} of {} has not come back in time", step, model);
                notReady.add(model);
            }
            case ReplicaReport.Recovered(var model) -> notReady.remove(model);
        }
        list();
        return this;
    }

    /** The first token of a model proves its graph, its weights and its kernels. */
    private void onBuilt(String model, ActorRef<BatchActor.Command> batch) {
        replicas.put(model, batch);
        var warmed = getContext().messageAdapter(BatchActor.Event.class, Warmed::new);
        var request = new GenerationRequest(model, Tokens.of(0), SamplingParams.greedy(1), "warm-up", false);
        batch.tell(new BatchActor.Submit(request, 0, warmed));
    }

    private Behavior<Command> onWarmed(BatchActor.Event event) {
        return switch (event) {
            case BatchActor.Admitted _ -> this;
            case BatchActor.Rejected rejected -> onNotStarted(new FailureException(rejected.failure()));
            case BatchActor.Lost(var model, var _) ->
                onNotStarted(new FailureException(
                        new Failure.Internal("the batch loop of " + model + " crashed at its first token")));
            case BatchActor.Produced(var model, var _, var outputs) ->
                switch (outputs.getLast()) {
                    case Output.Done _ -> onFirstToken(model);
                    case Output.Failed(var _, var failure) -> onNotStarted(new FailureException(failure));
                    case Output.Token _, Output.Finished _, Output.PromptScored _ -> this;
                };
        };
    }

    private Behavior<Command> onFirstToken(String model) {
        notReady.remove(model);
        if (notReady.isEmpty() && queries.isEmpty()) {
            ActorRef<NodeQuery> answers = getContext().spawn(QueryActor.create(models), "queries");
            queries = Optional.of(answers);
            SessionRegion.open(getContext().getSystem(), config.session(), served());
            list();
            started.complete(new Node(
                    answers, models.values().stream().map(HostedModel::info).toList()));
        }
        return this;
    }

    private Map<String, ServedModel> served() {
        Map<String, ServedModel> served = new LinkedHashMap<>();
        replicas.forEach((name, replica) ->
                served.put(name, Objects.requireNonNull(models.get(name)).served(replica)));
        return served;
    }

    private Behavior<Command> onNotStarted(Throwable cause) {
        started.completeExceptionally(cause);
        return Behaviors.stopped();
    }

    private Behavior<Command> onReplicaDrained(String model) {
        replicas.remove(model);
        if (replicas.isEmpty()) {
            drainer.ifPresent(replyTo -> replyTo.tell(Done.done()));
        }
        return this;
    }

    private Behavior<Command> onDeadline() {
        var failure = new Failure.Unavailable("the node is shutting down");
        replicas.values().forEach(replica -> replica.tell(new BatchActor.EndAll(failure)));
        return this;
    }

    private Behavior<Command> onReplicaGone(String name) {
        if (!started.isDone()) {
            return onNotStarted(new FailureException(new Failure.Internal(name + " stopped while the node started")));
        }
        getContext().getLog().error("{} is down; the node is no longer ready", name);
        notReady.add(name);
        list();
        return this;
    }

    private Behavior<Command> onStop() {
        models.values().forEach(hosted -> hosted.model().tokenizer().close());
        started.completeExceptionally(
                new FailureException(new Failure.Unavailable("the node stopped before its first token")));
        return this;
    }

    /** Has the node found just when it is ready; telling the receptionist twice does no harm. */
    private void list() {
        queries.ifPresent(answers -> {
            boolean ready = notReady.isEmpty() && drainer.isEmpty();
            getContext()
                    .getSystem()
                    .receptionist()
                    .tell(
                            ready
                                    ? Receptionist.register(NodeQuery.KEY, answers)
                                    : Receptionist.deregister(NodeQuery.KEY, answers));
        });
    }
}
