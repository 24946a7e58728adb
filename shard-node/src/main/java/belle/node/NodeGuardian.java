package belle.node;

import belle.engine.EngineConfig;
import belle.engine.GenerationRequest;
import belle.engine.Output;
import belle.journal.JdbcJournal;
import belle.journal.Sweeper;
import belle.node.ReplicaBoard.State;
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
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.SelfUp;
import org.apache.pekko.cluster.typed.Subscribe;

/**
 * Root of a node: waits for its models to be opened, builds a replica of each, and joins the cluster once every replica
 * has generated a token; as a member whose bundles are the cluster's it opens the sessions' shard region and has itself
 * listed. The node is off the list while a replica is stalled or down, and when it
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

    private record MemberIsUp() implements Command {}

    private record Checked(BundleCheckActor.Verdict verdict) implements Command {}

    private record StatusAsked(NodeQuery.AskStatus question) implements Command {}

    private record DeadlineIsOver() implements Command {}

    private record JournalReachable(boolean now) implements Command {}

    private record Hung(String model) implements Command {}

    private static final String QUERIES = NodeQuery.PATH.substring(NodeQuery.PATH.lastIndexOf('/') + 1);

    private final TimerScheduler<Command> timers;
    private final NodeConfig config;
    private final Optional<JdbcJournal> journal;
    private final Runnable join;
    private final CompletableFuture<Node> started;
    private final ReplicaBoard board = new ReplicaBoard();
    private final Map<String, ActorRef<BatchActor.Command>> replicas = new LinkedHashMap<>();
    private final Map<String, String> modelOfReplica = new HashMap<>();
    private boolean joining;
    private boolean serving;
    private boolean listed;
    private boolean journalReachable = true;

    private Optional<ActorRef<NodeQuery>> queries = Optional.empty();
    private Optional<ActorRef<Done>> drainer = Optional.empty();

    /**
     * A node of the models that are being opened.
     *
     * @param journal where sessions are written down, if they are; while it cannot be reached the node is not ready
     * @param join has the process join its cluster; called when every model has generated a token
     * @param started completed when the node serves, or failed with why it does not
     */
    static Behavior<Command> create(
            NodeConfig config,
            OpeningModels opening,
            Optional<JdbcJournal> journal,
            Runnable join,
            CompletableFuture<Node> started) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            var guardian = new NodeGuardian(context, timers, config, journal, join, started);
            ActorRef<Command> self = context.getSelf();
            journal.ifPresent(open -> open.onReachable(reachable -> self.tell(new JournalReachable(reachable))));
            context.pipeToSelf(
                    opening.opened(),
                    (opened, failure) -> failure == null ? new Opened(opened) : new NotOpened(failure));
            return guardian;
        }));
    }

    private NodeGuardian(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            NodeConfig config,
            Optional<JdbcJournal> journal,
            Runnable join,
            CompletableFuture<Node> started) {
        super(context);
        this.journal = journal;
        this.timers = timers;
        this.config = config;
        this.join = join;
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
            case MemberIsUp _ -> onMemberUp();
            case Checked(var verdict) -> onChecked(verdict);
            case StatusAsked(var question) -> onStatusAsked(question);
            case DeadlineIsOver _ -> onDeadline();
            case Hung(var model) -> onHung(model);
            case JournalReachable(var now) -> {
                journalReachable = now;
                list();
                yield this;
            }
        };
    }

    private Behavior<Command> onDrain(ActorRef<Done> replyTo) {
        drainer = Optional.of(replyTo);
        list();
        if (replicas.isEmpty() || OtherNodes.areUp(getContext().getSystem())) {
            replyTo.tell(Done.done());
            return this;
        }
        var drained = getContext().messageAdapter(BatchActor.Drained.class, ReplicaDrained::new);
        replicas.values().forEach(replica -> replica.tell(new BatchActor.Drain(drained)));
        timers.startSingleTimer(new DeadlineIsOver(), config.drainDeadline());
        return this;
    }

    private Behavior<Command> onOpened(List<HostedModel> opened) {
        EngineConfig engine = config.engine();
        var reports = getContext().messageAdapter(ReplicaReport.class, Reported::new);
        for (HostedModel hosted : opened) {
            board.add(hosted);
            String name = "replica-" + board.models().size();
            modelOfReplica.put(name, hosted.name());
            ReplicaParts parts = new ReplicaParts(
                    hosted.name(),
                    hosted.model().facts(),
                    engine,
                    config.replica(),
                    hosted.model().layout(),
                    config.plantedFaults().in(hosted.model().runner()));
            getContext().watch(getContext().spawn(KvCacheActor.create(parts, reports), name));
        }
        var status = getContext().messageAdapter(NodeQuery.AskStatus.class, StatusAsked::new);
        queries = Optional.of(getContext().spawn(QueryActor.create(board.models(), status), QUERIES));
        return this;
    }

    private Behavior<Command> onReport(ReplicaReport report) {
        switch (report) {
            case ReplicaReport.Built(var model, var batch) -> onBuilt(model, batch);
            case ReplicaReport.Stalled(var model, var step) -> {
                getContext().getLog().error("step {} of {} has not come back in time", step, model);
                board.set(model, State.STALLED);
                timers.startSingleTimer(new Hung(model), new Hung(model), config.leaveAfterStall());
                list();
            }
            case ReplicaReport.Recovered(var model) -> {
                board.set(model, State.READY);
                timers.cancel(new Hung(model));
                list();
            }
            case ReplicaReport.Load load -> board.loaded(load);
        }
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
        board.set(model, State.READY);
        if (board.allReady() && !joining) {
            joining = true;
            var up = getContext().messageAdapter(SelfUp.class, _ -> new MemberIsUp());
            Cluster.get(getContext().getSystem()).subscriptions().tell(Subscribe.create(up, SelfUp.class));
            join.run();
        }
        return this;
    }

    private Behavior<Command> onMemberUp() {
        var verdicts = getContext().messageAdapter(BundleCheckActor.Verdict.class, Checked::new);
        getContext().spawn(BundleCheckActor.create(infos(), config.checkDeadline(), verdicts), "bundle-check");
        return this;
    }

    private Behavior<Command> onChecked(BundleCheckActor.Verdict verdict) {
        if (verdict.failure().isPresent()) {
            return onNotStarted(new FailureException(verdict.failure().get()));
        }
        serving = true;
        SessionRegion.open(getContext().getSystem(), config.session(), served(), journal.map(written -> written));
        journal.ifPresent(open -> Sweeper.start(getContext().getSystem(), Node.ROLE, open, config.journal()));
        list();
        started.complete(new Node(queries.orElseThrow(), infos()));
        return this;
    }

    private Behavior<Command> onStatusAsked(NodeQuery.AskStatus question) {
        question.replyTo().tell(new NodeQuery.NodeStatus(ready(), drainer.isPresent(), board.statuses()));
        return this;
    }

    private List<NodeQuery.ModelInfo> infos() {
        return board.models().values().stream().map(HostedModel::info).toList();
    }

    private Map<String, ServedModel> served() {
        Map<String, ServedModel> served = new LinkedHashMap<>();
        replicas.forEach((name, replica) -> served.put(
                name, Objects.requireNonNull(board.models().get(name)).served(replica)));
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

    private Behavior<Command> onHung(String model) {
        long seconds =
                config.replica().stepDeadline().plus(config.leaveAfterStall()).toSeconds();
        getContext().getLog().error("a step of {} has not come back for {} s; the node leaves", model, seconds);
        var _ = CoordinatedShutdown.get(getContext().getSystem()).runAll(new StepHung(model, seconds));
        return this;
    }

    private Behavior<Command> onReplicaGone(String name) {
        if (!started.isDone()) {
            return onNotStarted(new FailureException(new Failure.Internal(name + " stopped while the node started")));
        }
        String model = Objects.requireNonNull(modelOfReplica.get(name));
        getContext().getLog().error("{} is down; the node is no longer ready", model);
        board.set(model, State.DOWN);
        list();
        return this;
    }

    private Behavior<Command> onStop() {
        board.models().values().forEach(hosted -> hosted.model().tokenizer().close());
        started.completeExceptionally(
                new FailureException(new Failure.Unavailable("the node stopped before its first token")));
        return this;
    }

    /** Has the node found just when it is ready. */
    private void list() {
        if (!serving || listed == ready()) {
            return;
        }
        listed = ready();
        ActorRef<NodeQuery> answers = queries.orElseThrow();
        getContext()
                .getSystem()
                .receptionist()
                .tell(
                        listed
                                ? Receptionist.register(NodeQuery.KEY, answers)
                                : Receptionist.deregister(NodeQuery.KEY, answers));
    }

    private boolean ready() {
        return serving && board.allReady() && drainer.isEmpty() && journalReachable;
    }
}
