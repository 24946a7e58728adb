package belle.session;

import belle.engine.GenerationRequest;
import belle.proto.Failure;
import belle.proto.session.Progress;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import belle.replica.BatchActor;
import belle.session.LiveTurn.Alarm;
import belle.session.ServedModel.Checked;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
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

    /** Where a turn lives and how it came here: as a request, with what its reader had at the time. */
    record Origin(ActorRef<SessionCommand> session, SessionCommand.Generate request, Progress progress) {
        /** What a session elsewhere would have to be told by a reader that is so far. */
        SessionCommand.Continue behind(Progress now) {
            return new SessionCommand.Continue(request, now);
        }
    }

    private static final Failure READ_ELSEWHERE =
            new Failure.Invalid("stream", "the stream is read by a later request");
    private static final Failure STOPPING = new Failure.Unavailable("the session's node is shutting down; try again");

    private final SessionConfig config;
    private final Map<String, ServedModel> models;
    private final TimerScheduler<Message> timers;
    private final SessionHome home;
    private final ActorRef<BatchActor.Event> replicaEvents;
    private final Map<String, LiveTurn> turns = new LinkedHashMap<>();
    private final Preparations preparations;
    /** Streams that this session computes at the place that it has left. */
    private final Map<String, ActorRef<SessionCommand>> elsewhere = new LinkedHashMap<>();

    /** Whoever is to be found by its name is to be found elsewhere. */
    private boolean leaving;

    private boolean doorClosed;

    /**
     * A session without turns.
     *
     * @param models what this node serves, by name
     */
    public static Behavior<SessionCommand> create(
            SessionConfig config, Map<String, ServedModel> models, SessionHome home) {
        Behavior<Message> session = Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new SessionActor(context, timers, config, models, home)));
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
            case Idle _ -> Map.of();
        };
    }

    private SessionActor(
            ActorContext<Message> context,
            TimerScheduler<Message> timers,
            SessionConfig config,
            Map<String, ServedModel> models,
            SessionHome home) {
        super(context);
        this.timers = timers;
        this.config = config;
        this.models = models;
        this.home = home;
        this.preparations = new Preparations(config.maxTurns());
        this.replicaEvents = context.messageAdapter(BatchActor.Event.class, FromReplica::new);
        models.values().forEach(model -> context.watch(model.replica()));
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
            case FromGateway(var command) when leaving && !turns.containsKey(command.stream()) -> home.forward(command);
            case FromGateway(var command) -> onCommand(command);
            case FromReplica(var event) -> onReplica(event);
            case AlarmRang(var stream, var alarm) -> onAlarm(stream, alarm);
            case Idle _ -> onIdle();
        }
        return stayWhileNeeded();
    }

    private void onReplica(BatchActor.Event event) {
        if (!preparations.take(event)) {
            keepIf(event.stream(), turn -> turn.onReplica(event));
        }
        if (event instanceof BatchActor.Admitted) {
            announceMove(event.stream());
        }
    }

    private void onCommand(SessionCommand command) {
        switch (command) {
            case SessionCommand.Generate generate -> onGenerate(generate);
            case SessionCommand.Continue goingOn -> onContinue(goingOn);
            case SessionCommand.Prepare(var goingOn) -> onPrepare(goingOn);
            case SessionCommand.Resume resume -> onResume(resume);
            case SessionCommand.Whereabouts(var stream, var session) -> onWhereabouts(stream, session);
            case SessionCommand.Acknowledge(var stream, var index, var asked) ->
                with(stream, turn -> turn.acknowledge(index, asked));
            case SessionCommand.Cancel(var stream, var asked) ->
                keepIf(stream, turn -> turn.isPast(asked) || turn.cancel());
        }
    }

    private void onGenerate(SessionCommand.Generate generate) {
        if (turns.containsKey(generate.stream())) {
            refuse(generate, new Failure.Invalid("stream", "stream " + generate.stream() + " exists already"));
        } else {
            begin(generate, Progress.none(Math.max(1, generate.params().n())));
        }
    }

    private void onContinue(SessionCommand.Continue goingOn) {
        SessionCommand.Generate generate = goingOn.request();
        LiveTurn turn = turns.get(generate.stream());
        Optional<Failure> forged = goingOn.progress().problem(generate.params().n());
        if (forged.isPresent()) {
            refuse(generate, forged.get());
        } else if (turn != null && turn.isPast(generate.asked())) {
            refuse(generate, READ_ELSEWHERE);
        } else if (turn != null && !turn.answers(generate)) {
            refuse(generate, new Failure.Invalid("stream", "the key of this request was used for another one"));
        } else if (turn != null) {
            getContext().watch(generate.replyTo());
            turn.proceed(goingOn.progress(), generate.replyTo(), generate.asked());
            announceMove(generate.stream());
        } else {
            if (goingOn.progress().epoch() > 1) {
                getContext()
                        .getLog()
                        .info(
                                "goes on with {} behind event {} in epoch {}",
                                generate.stream(),
                                goingOn.progress().after(),
                                goingOn.progress().epoch());
            }
            begin(generate, goingOn.progress());
        }
    }

    private void onPrepare(SessionCommand.Continue goingOn) {
        SessionCommand.Generate generate = goingOn.request();
        ServedModel model = models.get(generate.model());
        Optional<Failure> forged = goingOn.progress().problem(generate.params().n());
        if (model == null) {
            refuse(generate, new Failure.UnknownModel(generate.model(), List.copyOf(models.keySet())));
        } else if (forged.isPresent()) {
            refuse(generate, forged.get());
        } else if (turns.containsKey(generate.stream())) {
            generate.replyTo().tell(new StreamEvent.Prepared(generate.stream()));
        } else {
            switch (model.check(generate)) {
                case Checked.Fine(var request) ->
                    preparations.begin(model, request, goingOn.progress(), generate.replyTo(), replicaEvents);
                case Checked.Wrong(var failure) -> refuse(generate, failure);
            }
        }
    }

    private void begin(SessionCommand.Generate generate, Progress progress) {
        ServedModel model = models.get(generate.model());
        if (model == null) {
            refuse(generate, new Failure.UnknownModel(generate.model(), List.copyOf(models.keySet())));
        } else if (!roomForOneMore()) {
            refuse(
                    generate,
                    new Failure.Overloaded("this session has " + config.maxTurns() + " turns running, its limit", 1));
        } else {
            switch (model.check(generate)) {
                case Checked.Fine(var request) -> begin(model, request, originOf(generate, progress));
                case Checked.Wrong(var failure) -> refuse(generate, failure);
            }
        }
    }

    private void onResume(SessionCommand.Resume resume) {
        LiveTurn turn = turns.get(resume.stream());
        ActorRef<SessionCommand> away = elsewhere.get(resume.stream());
        if (turn == null && away != null) {
            away.tell(resume);
            return;
        }
        if (turn != null && turn.isPast(resume.asked())) {
            resume.replyTo().tell(new StreamEvent.Refused(resume.stream(), READ_ELSEWHERE));
            return;
        }
        if (turn == null) {
            var failure = new Failure.NotFound("stream " + resume.stream() + " is not known here");
            resume.replyTo().tell(new StreamEvent.Refused(resume.stream(), failure));
            return;
        }
        getContext().watch(resume.replyTo());
        turn.resume(resume.after(), resume.replyTo(), resume.asked());
        announceMove(resume.stream());
    }

    /** A stream of this session is still computed at its last place: whoever comes back to it here is sent there. */
    private void onWhereabouts(String stream, ActorRef<SessionCommand> session) {
        if (!turns.containsKey(stream) && elsewhere.size() < config.maxTurns()) {
            elsewhere.put(stream, session);
            getContext().watch(session);
        }
    }

    /** Behind a closed door every reader is told at once to look for the next session. */
    private void announceMove(String stream) {
        if (doorClosed) {
            with(stream, LiveTurn::announceMove);
        }
    }

    private void onAlarm(String stream, Alarm alarm) {
        switch (alarm) {
            case READER_STALLED -> with(stream, LiveTurn::readerStalled);
            case GRACE_IS_OVER -> keepIf(stream, LiveTurn::cancel);
            case RETENTION_IS_OVER ->
                keepIf(stream, turn -> {
                    turn.abandon(new Failure.NotFound("the events of stream " + stream + " are no longer kept"));
                    return false;
                });
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
            if (!turns.isEmpty()) {
                getContext().getLog().info("leaves its node with {} turns", turns.size());
            }
            turns.forEach((stream, turn) -> {
                if (turn.isAwaited()) {
                    turn.announceMove();
                    home.forward(new SessionCommand.Whereabouts(
                            stream, getContext().getSelf().unsafeUpcast()));
                }
            });
        }
        elsewhere.values().removeIf(actor::equals);
        for (var entry : List.copyOf(turns.entrySet())) {
            LiveTurn turn = entry.getValue();
            if (turn.isReadBy(actor)) {
                turn.readerDied();
            } else if (turn.isComputedBy(actor)) {
                keepIf(entry.getKey(), t -> t.breakOff(new Failure.Unavailable("the model is down on this node")));
            }
        }
        return stayWhileNeeded();
    }

    /** Behind a closed door only turns stay that somebody waits for, or may come back to. */
    private Behavior<Message> stayWhileNeeded() {
        if (!doorClosed) {
            return this;
        }
        turns.values().removeIf(turn -> {
            boolean over = !turn.isAwaited();
            if (over) {
                turn.moveOut(STOPPING);
            }
            return over;
        });
        return turns.isEmpty() ? Behaviors.stopped() : this;
    }

    private Behavior<Message> onStop() {
        turns.values().forEach(turn -> turn.moveOut(STOPPING));
        home.left();
        return this;
    }

    private void begin(ServedModel model, GenerationRequest request, Origin origin) {
        ActorRef<StreamEvent> reader = origin.request().replyTo();
        getContext().watch(reader);
        LiveTurn turn = new LiveTurn(model, request, reader, replicaEvents, config, alarmsOf(request.stream()), origin);
        turns.put(request.stream(), turn);
        timers.cancel(new Idle());
        turn.submit();
    }

    private Origin originOf(SessionCommand.Generate generate, Progress progress) {
        return new Origin(getContext().getSelf().unsafeUpcast(), generate, progress);
    }

    private void refuse(SessionCommand.Generate generate, Failure failure) {
        generate.replyTo().tell(new StreamEvent.Refused(generate.stream(), failure));
    }

    /** Makes room by forgetting the oldest turn for which nothing is computed. */
    private boolean roomForOneMore() {
        if (turns.size() < config.maxTurns()) {
            return true;
        }
        Optional<String> oldest = turns.entrySet().stream()
                .filter(turn -> turn.getValue().atRest())
                .map(Map.Entry::getKey)
                .findFirst();
        oldest.ifPresent(stream -> onAlarm(stream, Alarm.RETENTION_IS_OVER));
        return oldest.isPresent();
    }

    private void with(String stream, Consumer<LiveTurn> action) {
        keepIf(stream, turn -> {
            action.accept(turn);
            return true;
        });
    }

    /** Does {@code action} to a known turn and forgets the turn when it returns false. */
    private void keepIf(String stream, Predicate<LiveTurn> action) {
        LiveTurn turn = turns.get(stream);
        if (turn != null && !action.test(turn)) {
            turns.remove(stream);
            for (Alarm alarm : Alarm.values()) {
                timers.cancel(new AlarmRang(stream, alarm));
            }
            leaveWhenIdle();
        }
    }

    private void leaveWhenIdle() {
        if (turns.isEmpty()) {
            timers.startSingleTimer(new Idle(), new Idle(), config.idleTimeout());
        }
    }

    private LiveTurn.Alarms alarmsOf(String stream) {
        return new LiveTurn.Alarms() {
            @Override
            public void set(Alarm alarm, Duration delay) {
                var message = new AlarmRang(stream, alarm);
                timers.startSingleTimer(message, message, delay);
            }

            @Override
            public void clear(Alarm alarm) {
                timers.cancel(new AlarmRang(stream, alarm));
            }
        };
    }
}
