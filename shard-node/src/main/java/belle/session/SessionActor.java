package belle.session;

import belle.engine.GenerationRequest;
import belle.proto.Failure;
import belle.proto.session.Progress;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import belle.replica.BatchActor;
import belle.session.Alarms.Alarm;
import belle.session.Recall.Found;
import belle.session.ServedModel.Checked;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
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
 * One conversation: the sharded entity that owns its turns. It checks a request and has it computed; the turn's log and
 * its reader's pace are {@link LiveTurn}'s.
 */
public final class SessionActor extends AbstractBehavior<SessionActor.Message> {
    /** What the entity hears. */
    sealed interface Message {}

    private record FromGateway(SessionCommand command) implements Message {}

    private record FromReplica(BatchActor.Event event) implements Message {}

    private record AlarmRang(String stream, Alarm alarm) implements Message {}

    private record Idle() implements Message {}

    /** Something that was asked of the journal has come, or has not. */
    private record Came(String stream, Runnable then) implements Message {}

    static final Failure OTHER_REQUEST =
            new Failure.Invalid("stream", "the key of this request was used for another one");
    private static final Failure DELETED = new Failure.NotFound("the session was deleted");
    private static final Failure MODEL_DOWN = new Failure.Unavailable("the model is down on this node");
    private static final Failure STOPPING = new Failure.Unavailable("the session's node is shutting down; try again");

    private final SessionConfig config;
    private final ServedModels models;
    private final TimerScheduler<Message> timers;
    private final SessionHome home;
    private final ActorRef<BatchActor.Event> replicaEvents;
    private final LiveTurns turns = new LiveTurns(this::onForgotten);
    private final Preparations preparations;
    private final Elsewhere elsewhere;
    private final Recall recall;
    private final WholeSession wholeSession;
    private final LastReplica places;
    /** Whoever is to be found by its name is to be found elsewhere. */
    private boolean leaving;

    private boolean doorClosed;

    /**
     * A session without turns.
     *
     * @param models what this node serves
     * @param journal where turns are written down, if they are to outlast the cluster
     */
    public static Behavior<SessionCommand> create(
            SessionConfig config, ServedModels models, SessionHome home, Optional<SessionJournal> journal) {
        Behavior<Message> session = Behaviors.setup(context ->
                Behaviors.withTimers(timers -> new SessionActor(context, timers, config, models, home, journal)));
        Behavior<Message> logged =
                Behaviors.withMdc(Message.class, Map.of("session", home.id()), SessionActor::logFields, session);
        return Behaviors.transformMessages(
                SessionCommand.class, logged, builder -> builder.match(SessionCommand.class, FromGateway::new));
    }

    private static Map<String, String> logFields(Message message) {
        return switch (message) {
            case FromGateway(var command) -> Map.of("stream", command.stream());
            case FromReplica(var event) -> Map.of("stream", event.stream(), "epoch", Long.toString(event.epoch()));
            case AlarmRang(var stream, var _) -> Map.of("stream", stream);
            case Came(var stream, var _) -> Map.of("stream", stream);
            case Idle _ -> Map.of();
        };
    }

    private SessionActor(
            ActorContext<Message> context,
            TimerScheduler<Message> timers,
            SessionConfig config,
            ServedModels models,
            SessionHome home,
            Optional<SessionJournal> journal) {
        super(context);
        this.timers = timers;
        this.config = config;
        this.models = models;
        this.home = home;
        this.recall = new Recall(journal, InstantSource.system(), config.maxLogEvents(), models::pinned);
        this.wholeSession = new WholeSession(journal);
        this.places = new LastReplica(context::watch);
        this.elsewhere = new Elsewhere(config.maxTurns());
        this.preparations = new Preparations(config.maxTurns());
        this.replicaEvents = context.messageAdapter(BatchActor.Event.class, FromReplica::new);
        context.watch(home.door());
        leaveWhenIdle();
    }

    @Override
    public Receive<Message> createReceive() {
        return newReceiveBuilder()
                .onAnyMessage(this::onMessage)
                .onSignal(Terminated.class, this::onTerminated)
                .onSignal(PostStop.class, _ -> onStop())
                .build();
    }

    private Behavior<Message> onMessage(Message message) {
        switch (message) {
            case FromGateway(var command) when leaving && !turns.has(command.stream()) -> home.forward(command);
            case FromGateway(var command) -> look(command);
            case FromReplica(var event) -> onReplica(event);
            case AlarmRang(var stream, var alarm) -> onAlarm(stream, alarm);
            case Came(var _, var then) -> then.run();
            case Idle _ -> onIdle();
        }
        return stayWhileNeeded();
    }

    private void onReplica(BatchActor.Event event) {
        if (!preparations.take(event)) {
            turns.keepIf(event.stream(), turn -> turn.onReplica(event));
        }
        if (event instanceof BatchActor.Admitted) {
            announceMove(event.stream());
        }
    }

    /** Asks the journal for a stream that is not in memory; other commands are not held up meanwhile. */
    private void look(SessionCommand command) {
        Optional<CompletionStage<Found>> looked = isHere(command.stream()) ? Optional.empty() : recall.look(command);
        looked.ifPresentOrElse(
                stage -> when(stage, command.stream(), found -> onFound(command, found)),
                () -> onCommand(command, Found.NOTHING));
    }

    private boolean isHere(String stream) {
        return turns.has(stream) || elsewhere.has(stream);
    }

    private void onFound(SessionCommand command, Found found) {
        if (leaving && !turns.has(command.stream())) {
            home.forward(command);
        } else {
            onCommand(command, found);
        }
    }

    private void onCommand(SessionCommand command, Found found) {
        switch (command) {
            case SessionCommand.Generate generate -> onGenerate(generate);
            case SessionCommand.Continue goingOn -> onContinue(goingOn, found);
            case SessionCommand.Prepare(var goingOn) ->
                preparations.prepare(goingOn, models, turns.has(goingOn.stream()), places::lease, replicaEvents);
            case SessionCommand.Resume resume -> onResume(resume, found);
            case SessionCommand.Whereabouts(var stream, var session) -> onWhereabouts(stream, session);
            case SessionCommand.Keep(var goingOn) -> onKeep(goingOn);
            case SessionCommand.Acknowledge taken -> turns.with(taken.stream(), turn -> turn.acknowledge(taken));
            case SessionCommand.Cancel leaving -> turns.keepIf(leaving.stream(), turn -> turn.cancel(leaving));
            case SessionCommand.Describe describe ->
                when(wholeSession.described(describe, turns.of(describe.tenant())), "", describe.replyTo()::tell);
            case SessionCommand.Delete delete -> {
                List<LiveTurn> gone = turns.of(delete.tenant());
                gone.forEach(turn -> turns.abandon(turn.stream(), DELETED));
                when(wholeSession.deleted(delete, gone.size()), "", delete.replyTo()::tell);
            }
        }
    }

    private <T> void when(CompletionStage<T> stage, String stream, Consumer<T> then) {
        getContext().pipeToSelf(stage, (value, _) -> new Came(stream, () -> then.accept(value)));
    }

    private void onGenerate(SessionCommand.Generate generate) {
        if (turns.has(generate.stream())) {
            refuse(generate, new Failure.Invalid("stream", "stream " + generate.stream() + " exists already"));
        } else {
            begin(generate.stream(), generate.replyTo(), recall.fresh(generate, generate.nothingHeard()));
        }
    }

    private void onContinue(SessionCommand.Continue goingOn, Found found) {
        SessionCommand.Generate generate = goingOn.request();
        Progress progress = goingOn.progress();
        LiveTurn turn = turns.get(generate.stream());
        Optional<Failure> forged = progress.problem(generate.params().n());
        if (forged.isPresent()) {
            refuse(generate, forged.get());
        } else if (turn == null && progress.epoch() == 1 && elsewhere.has(goingOn.stream())) {
            elsewhere.tell(goingOn); // A newcomer, whose stream is computed already.
        } else if (turn == null) {
            if (progress.epoch() > 1) {
                String event = "goes on with {} behind event {} in epoch {}";
                getContext().getLog().info(event, generate.stream(), progress.after(), progress.epoch());
            }
            begin(generate.stream(), generate.replyTo(), recall.goOn(goingOn, found));
        } else if (turn.readers().admit(generate.replyTo(), generate.reading())) {
            if (!turn.origin().answers(generate)) {
                refuse(generate, OTHER_REQUEST);
            } else {
                serve(turn, generate.replyTo(), turn.successor().behind(goingOn), () -> turn.proceed(goingOn));
            }
        }
    }

    /** Gives a turn to a reader, or what takes its place. */
    private void serve(LiveTurn turn, ActorRef<StreamEvent> reader, Optional<Start.With> successor, Runnable give) {
        successor.ifPresentOrElse(
                start -> {
                    turn.giveWay();
                    turns.drop(turn);
                    begin(start);
                    leaveWhenIdle();
                },
                () -> {
                    getContext().watch(reader);
                    give.run();
                    announceMove(turn.stream());
                });
    }

    private void begin(String stream, ActorRef<StreamEvent> reader, Start start) {
        switch (start) {
            case Start.With with -> begin(with);
            case Start.Not(var failure) -> reader.tell(new StreamEvent.Refused(stream, failure));
        }
    }

    private void begin(Start.With start) {
        SessionCommand.Generate generate = start.generate();
        if (!turns.makeRoom(config.maxTurns())) {
            String message = "this session has " + config.maxTurns() + " turns running, its limit";
            refuse(generate, new Failure.Overloaded(message, 1));
            return;
        }
        switch (models.check(generate)) {
            case Checked.Fine(var model, var request) ->
                places.lease(model)
                        .ifPresentOrElse(lease -> begin(lease, request, start), () -> refuse(generate, MODEL_DOWN));
            case Checked.Wrong(var failure) -> refuse(generate, failure);
        }
    }

    private void onResume(SessionCommand.Resume resume, Found found) {
        LiveTurn turn = turns.get(resume.stream());
        if (turn == null && elsewhere.has(resume.stream())) {
            elsewhere.tell(resume);
        } else if (turn == null) {
            begin(resume.stream(), resume.replyTo(), recall.resume(resume, found));
        } else if (turn.readers().admit(resume.replyTo(), resume.reading())) {
            serve(turn, resume.replyTo(), turn.successor().fromNothing(resume), () -> turn.resume(resume));
        }
    }

    private void onWhereabouts(String stream, ActorRef<SessionCommand> session) {
        if (!turns.has(stream) && elsewhere.add(stream, session)) {
            getContext().watch(session);
        }
    }

    private void onKeep(SessionCommand.Continue goingOn) {
        SessionCommand.Generate request = goingOn.request();
        boolean forged = goingOn.progress().problem(request.params().n()).isPresent();
        if (!forged
                && !turns.has(request.stream())
                && turns.makeRoom(config.maxTurns())
                && models.check(request) instanceof Checked.Fine(var model, var checked)) {
            places.lease(model)
                    .ifPresent(
                            lease -> add(lease, checked, recall.kept(goingOn)).keep());
        }
    }

    /** Behind a closed door every reader is told at once to look for the next session. */
    private void announceMove(String stream) {
        if (doorClosed) {
            turns.with(stream, LiveTurn::announceMove);
        }
    }

    private void onAlarm(String stream, Alarm alarm) {
        switch (alarm) {
            case READER_STALLED -> turns.with(stream, LiveTurn::readerStalled);
            case NEWCOMER_STAYS -> turns.with(stream, turn -> turn.readers().stays());
            case GRACE_IS_OVER -> turns.keepIf(stream, LiveTurn::cancel);
            case RETENTION_IS_OVER -> turns.outdate(stream);
        }
    }

    private void onIdle() {
        leaving = true;
        home.passivate();
    }

    /** A reader or a replica is gone for good. */
    private Behavior<Message> onTerminated(Terminated gone) {
        ActorRef<?> actor = gone.getRef();
        if (actor.equals(home.door())) {
            leaving = true;
            doorClosed = true;
            leave();
        }
        elsewhere.gone(actor);
        for (LiveTurn turn : turns.all()) {
            turn.died(actor);
            if (turn.computing().replica().equals(actor)) {
                turns.keepIf(turn.stream(), t -> t.onReplicaGone(MODEL_DOWN));
                if (!turn.computing().replica().equals(actor)) {
                    getContext().watch(turn.computing().replica());
                }
            }
        }
        return stayWhileNeeded();
    }

    private void leave() {
        if (turns.size() > 0) {
            getContext().getLog().debug("leaves its node, turns: {}", turns.size());
        }
        ActorRef<SessionCommand> self = getContext().getSelf().unsafeUpcast();
        turns.all().stream().filter(LiveTurn::isAwaited).forEach(turn -> {
            turn.announceMove();
            home.forward(new SessionCommand.Whereabouts(turn.stream(), self));
        });
    }

    /** Behind a closed door only turns stay that somebody waits for, or may come back to. */
    private Behavior<Message> stayWhileNeeded() {
        if (!doorClosed) {
            return this;
        }
        turns.moveOutUnawaited(STOPPING, recall.isDurable() ? _ -> {} : home::forward);
        return turns.size() == 0 ? Behaviors.stopped() : this;
    }

    private Behavior<Message> onStop() {
        turns.moveOutAll(STOPPING);
        home.left();
        return this;
    }

    private void begin(Replicas.Lease lease, GenerationRequest request, Start.With start) {
        getContext().watch(start.generate().replyTo());
        add(lease, request, start).begin(start);
    }

    private LiveTurn add(Replicas.Lease lease, GenerationRequest request, Start.With start) {
        SessionCommand.Generate dated = start.generate().begunAt(start.record().begunMillis());
        var origin = new Origin(getContext().getSelf().unsafeUpcast(), dated, start.progress());
        String stream = request.stream();
        Alarms alarms = new TurnAlarms<>(
                timers,
                alarm -> new AlarmRang(stream, alarm),
                writing -> when(JournalFailure.maybe(writing), stream, failure -> onWritten(stream, failure)));
        LiveTurn turn = new LiveTurn(lease, request, start, replicaEvents, config, alarms, origin);
        turns.put(turn);
        timers.cancel(new Idle());
        return turn;
    }

    private void refuse(SessionCommand.Generate generate, Failure failure) {
        generate.replyTo().tell(new StreamEvent.Refused(generate.stream(), failure));
    }

    private void onForgotten(String stream) {
        for (Alarm alarm : Alarm.values()) {
            timers.cancel(new AlarmRang(stream, alarm));
        }
        leaveWhenIdle();
    }

    private void leaveWhenIdle() {
        if (turns.size() == 0) {
            timers.startSingleTimer(new Idle(), new Idle(), config.idleTimeout());
        }
    }

    private void onWritten(String stream, Optional<Failure> failure) {
        turns.keepIf(stream, turn -> turn.onWritten(failure));
        announceMove(stream);
    }
}
