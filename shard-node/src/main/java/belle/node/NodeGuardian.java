package belle.node;

import belle.journal.JdbcJournal;
import belle.journal.Sweeper;
import belle.node.NodeModels.Entry;
import belle.node.NodeModels.Use;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.node.NodeQuery;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
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
 * Root of a node: waits for its models to be opened, has each of them generate a token, and joins the cluster; as a member that has
 * what the cluster has loaded meanwhile, and whose bundles are the cluster's, it opens the sessions' shard region and has itself
 * listed. Loads, changes and unloads models while it serves. The node is off the list while a model is stalled or down, and when it
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

    private record Told(ModelActor.Report report) implements Command {}

    private record MemberIsUp() implements Command {}

    private record Checked(BundleCheckActor.Verdict verdict) implements Command {}

    private record CaughtUp(CatchUpActor.Outcome outcome) implements Command {}

    private record Asked(NodeQuery.OfNode query) implements Command {}

    private record Loaded(NodeQuery.LoadModel asked, HostedModel model) implements Command {}

    private record NotLoaded(NodeQuery.LoadModel asked, Throwable cause) implements Command {}

    private record Unneeded(HostedModel model) implements Command {}

    private record DeadlineIsOver() implements Command {}

    private record JournalReachable(boolean now) implements Command {}

    private static final String QUERIES = NodeQuery.PATH.substring(NodeQuery.PATH.lastIndexOf('/') + 1);
    private static final Failure SHUTTING_DOWN = new Failure.Unavailable("the node is shutting down");

    private final TimerScheduler<Command> timers;
    private final NodeConfig config;
    private final Optional<JdbcJournal> journal;
    private final Runnable join;
    private final CompletableFuture<Node> started;
    private final NodeModels models = new NodeModels();
    private final ModelChanges changes = new ModelChanges(models);
    private final ActorRef<ModelActor.Report> reports;
    private final Set<HostedModel> draining = new HashSet<>();
    private boolean loading;
    private boolean joining;
    private boolean serving;
    private boolean listed;
    private boolean journalReachable = true;
    private int modelsSoFar;

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
        this.reports = context.messageAdapter(ModelActor.Report.class, Told::new);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onAnyMessage(this::onMessage)
                .onSignal(PostStop.class, _ -> onStop())
                .build();
    }

    private Behavior<Command> onMessage(Command command) {
        return switch (command) {
            case Drain(var replyTo) -> onDrain(replyTo);
            case Opened(var opened) -> onOpened(opened);
            case NotOpened(var cause) -> onNotStarted(cause);
            case Told(var report) ->
                models.of(report.model()).map(entry -> onReport(entry, report)).orElse(this);
            case MemberIsUp _ -> onMemberUp();
            case Checked(var verdict) -> onChecked(verdict);
            case CaughtUp(var outcome) ->
                outcome.failure()
                        .map(failure -> onNotStarted(new FailureException(failure)))
                        .orElseGet(this::onMemberUp);
            case Asked(var query) -> onAsked(query);
            case Loaded(var asked, var model) -> onLoaded(asked, model);
            case NotLoaded(var asked, var cause) -> {
                loaded(asked.replyTo(), ModelChanges.failed(ModelChanges.failureOf(cause)));
                yield this;
            }
            case Unneeded(var model) -> {
                models.of(model).filter(entry -> entry.use == Use.RETIRED).ifPresent(this::close);
                yield this;
            }
            case DeadlineIsOver _ -> {
                models.all().forEach(entry -> entry.actor.tell(new ModelActor.EndAll(SHUTTING_DOWN)));
                yield this;
            }
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
        models.all().forEach(entry -> draining.add(entry.model));
        if (draining.isEmpty() || OtherNodes.areUp(getContext().getSystem())) {
            replyTo.tell(Done.done());
            return this;
        }
        models.all().forEach(entry -> entry.actor.tell(new ModelActor.Drain()));
        timers.startSingleTimer(new DeadlineIsOver(), config.drainDeadline());
        return this;
    }

    private Behavior<Command> onOpened(List<HostedModel> opened) {
        opened.forEach(model -> begin(model, Use.USED, Optional.empty()));
        var asked = getContext().messageAdapter(NodeQuery.OfNode.class, Asked::new);
        queries = Optional.of(getContext().spawn(QueryActor.create(models::used, asked), QUERIES));
        return this;
    }

    private void begin(HostedModel model, Use use, Optional<ActorRef<NodeQuery.ModelChange>> loader) {
        var actor = getContext().spawn(ModelActor.create(model, config, reports), "model-" + modelsSoFar++);
        models.add(model, actor, use, loader);
    }

    private Behavior<Command> onReport(Entry entry, ModelActor.Report report) {
        switch (report) {
            case ModelActor.Ready(var _, var served) -> {
                models.ready(entry, served);
                entry.loader.ifPresentOrElse(to -> loaded(to, ModelChanges.done(entry)), this::joinWhenReady);
            }
            case ModelActor.NotStarted(var _, var cause) -> {
                if (entry.loader.isEmpty()) {
                    return onNotStarted(cause);
                }
                models.remove(entry);
                loaded(entry.loader.get(), ModelChanges.failed(ModelChanges.failureOf(cause)));
            }
            case ModelActor.Changed(var _, var state) -> entry.state = state;
            case ModelActor.StepIsLost _ -> onHung(entry.model.name());
            case ModelActor.Drained(var model) -> {
                draining.remove(model);
                if (draining.isEmpty()) {
                    drainer.ifPresent(replyTo -> replyTo.tell(Done.done()));
                }
            }
        }
        list();
        return this;
    }

    private void joinWhenReady() {
        if (models.allReady() && !joining) {
            joining = true;
            var up = getContext().messageAdapter(SelfUp.class, _ -> new MemberIsUp());
            Cluster.get(getContext().getSystem()).subscriptions().tell(Subscribe.create(up, SelfUp.class));
            join.run();
        }
    }

    private Behavior<Command> onMemberUp() {
        var verdicts = getContext().messageAdapter(BundleCheckActor.Verdict.class, Checked::new);
        getContext().spawnAnonymous(BundleCheckActor.create(models.infos(), config.checkDeadline(), verdicts));
        return this;
    }

    private Behavior<Command> onChecked(BundleCheckActor.Verdict verdict) {
        if (verdict.failure().isPresent()) {
            return onNotStarted(new FailureException(verdict.failure().get()));
        }
        if (!verdict.missing().isEmpty()) {
            var outcomes = getContext().messageAdapter(CatchUpActor.Outcome.class, CaughtUp::new);
            getContext().spawnAnonymous(CatchUpActor.create(verdict.missing(), queries.orElseThrow(), outcomes));
            return this;
        }
        serving = true;
        SessionRegion.open(
                getContext().getSystem(), config.session(), models.served(), journal.map(written -> written));
        journal.ifPresent(open -> Sweeper.start(getContext().getSystem(), Node.ROLE, open, config.journal()));
        list();
        started.complete(new Node(queries.orElseThrow(), models.infos()));
        return this;
    }

    private Behavior<Command> onAsked(NodeQuery.OfNode query) {
        switch (query) {
            case NodeQuery.AskStatus(var replyTo) ->
                replyTo.tell(new NodeQuery.NodeStatus(ready(), drainer.isPresent(), models.statuses()));
            case NodeQuery.LoadModel asked -> onLoad(asked);
            case NodeQuery.UseModel asked -> changes.toUse(asked).ifPresent(entry -> onUse(asked, entry));
            case NodeQuery.RetireModel asked ->
                changes.toRetire(asked).ifPresent(entry -> {
                    models.retire(entry);
                    retire(entry);
                    asked.replyTo().tell(ModelChanges.done(entry));
                });
        }
        return this;
    }

    /** One at a time: each takes memory and a thread. */
    private void onLoad(NodeQuery.LoadModel asked) {
        if (loading || drainer.isPresent()) {
            asked.replyTo()
                    .tell(ModelChanges.failed(
                            loading
                                    ? new Failure.Overloaded("this node is loading another model", 5)
                                    : new Failure.Unavailable("this node is about to leave")));
            return;
        }
        changes.toOpen(asked).ifPresent(spec -> {
            loading = true;
            getContext()
                    .pipeToSelf(
                            OpeningModels.begin(List.of(spec), config.runtime()).opened(),
                            (opened, failure) -> failure == null
                                    ? new Loaded(asked, opened.getFirst())
                                    : new NotLoaded(asked, failure));
        });
    }

    private Behavior<Command> onLoaded(NodeQuery.LoadModel asked, HostedModel model) {
        Optional<NodeQuery.ModelChange> known = changes.opened(model, asked);
        if (known.isPresent()) {
            model.model().close();
            known.get()
                    .model()
                    .flatMap(same -> models.find(same.id(), same.bundle()))
                    .ifPresent(this::keep);
            loaded(asked.replyTo(), known.get());
        } else {
            begin(model, Use.NEXT, Optional.of(asked.replyTo()));
        }
        return this;
    }

    /** The next model may be loaded. */
    private void loaded(ActorRef<NodeQuery.ModelChange> asker, NodeQuery.ModelChange how) {
        loading = false;
        asker.tell(how);
    }

    private void onUse(NodeQuery.UseModel asked, Entry entry) {
        keep(entry);
        models.use(entry).ifPresent(this::retire);
        getContext().getLog().info("new streams of {} are computed by bundle {}", asked.name(), asked.bundle());
        asked.replyTo().tell(ModelChanges.done(entry));
        list();
    }

    /** It is wanted again. */
    private void keep(Entry entry) {
        entry.retirement.ifPresent(getContext()::stop);
        entry.retirement = Optional.empty();
        entry.use = entry.use == Use.RETIRED ? Use.NEXT : entry.use;
    }

    /** Waits until nobody needs it. */
    private void retire(Entry entry) {
        if (entry.retirement.isPresent()) {
            return;
        }
        ActorRef<Command> self = getContext().getSelf();
        entry.retirement = Optional.of(getContext()
                .spawnAnonymous(RetirementActor.create(
                        entry.served.orElseThrow(),
                        config.retire(),
                        System::nanoTime,
                        () -> self.tell(new Unneeded(entry.model)))));
    }

    private void close(Entry entry) {
        models.remove(entry);
        entry.actor.tell(new ModelActor.EndAll(new Failure.Unavailable(
                "the bundle of " + entry.model.name() + " that computed this stream was retired")));
        entry.actor.tell(new ModelActor.Close());
        getContext()
                .getLog()
                .info("bundle {} of {} is gone", entry.model.model().identity(), entry.model.name());
    }

    private Behavior<Command> onNotStarted(Throwable cause) {
        started.completeExceptionally(cause);
        return Behaviors.stopped();
    }

    private void onHung(String model) {
        long seconds =
                config.replica().stepDeadline().plus(config.leaveAfterStall()).toSeconds();
        getContext().getLog().error("a step of {} has not come back for {} s; the node leaves", model, seconds);
        var _ = CoordinatedShutdown.get(getContext().getSystem()).runAll(new StepHung(model, seconds));
    }

    private Behavior<Command> onStop() {
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
        return serving && models.allReady() && drainer.isEmpty() && journalReachable;
    }
}
