package belle.gateway.stream;

import belle.proto.Failure;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.RecipientRef;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Reads one stream of a session for one HTTP answer: decides whether it begins, hands its events on in order and once,
 * and tells the session what the client has taken or that it has gone. Lives until the client has everything.
 */
final class ReaderActor extends AbstractBehavior<ReaderActor.Command> {
    sealed interface Command {}

    /** The session said something. */
    record Heard(StreamEvent event) implements Command {}

    /** The client has taken the last event, or has gone. */
    record ClientDone() implements Command {}

    /** The stream must end now. */
    record Expire(Failure failure) implements Command {}

    /** Time to look whether the session is still there. */
    record Tick() implements Command {}

    /** The session that had the stream has ended: its node died, or it moves. */
    record SessionGone(ActorRef<SessionCommand> session) implements Command {}

    /** Time to ask again, when nobody has taken the stream yet. */
    record Retry() implements Command {}

    /** How often a session is asked to begin a stream before it counts as unavailable. */
    private static final int FIRST_QUESTIONS = 5;

    /** How often a session that does not know the stream is asked again. */
    private static final int UNKNOWN_TRIES = 10;

    private static final RefusedEvents REFUSED = new RefusedEvents();

    private final Wish wish;
    private final StreamConfig config;
    private final TimerScheduler<Command> timers;
    private final ActorRef<StreamEvent> ears;
    private final Cursor cursor;
    private final CompletableFuture<Done> closed = new CompletableFuture<>();

    private Optional<ClientEnd> client = Optional.empty();
    private Optional<Received> received = Optional.empty();
    /** Who has the stream; told directly, since by its name it may be on the way to elsewhere. */
    private volatile Optional<ActorRef<SessionCommand>> session = Optional.empty();

    /** The number that the session knows this reader by; 0 before it has one. */
    private volatile long reading;

    private boolean ended;
    /** No session is known to have the stream: one is being asked to go on with it. */
    private boolean homeless;

    /** The session leaves its node, still at work; its next one prepares. */
    private boolean moving;

    private int retries;
    private int unknown;
    private boolean heard;
    private boolean gapAsked;
    private int silentProbes;

    static Behavior<Command> create(Wish wish, StreamConfig config) {
        Behavior<Command> reader = Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new ReaderActor(wish, config, timers, context)));
        String name = wish.stream();
        return Behaviors.withMdc(
                Command.class,
                Map.of("stream", name, "session", SessionCommand.sessionOf(name)),
                ReaderActor::logFields,
                reader);
    }

    private static Map<String, String> logFields(Command command) {
        return command instanceof Heard(StreamEvent.Indexed event)
                ? Map.of("epoch", Long.toString(event.epoch()))
                : Map.of();
    }

    private ReaderActor(Wish wish, StreamConfig config, TimerScheduler<Command> timers, ActorContext<Command> context) {
        super(context);
        this.wish = wish;
        this.config = config;
        this.timers = timers;
        this.cursor = new Cursor(wish.after());
        this.ears = context.messageAdapter(StreamEvent.class, Heard::new);
        ActorRef<Command> self = context.getSelf();
        CompletionStage<OpenStream> opened = wish.opened();
        opened.whenComplete((_, _) -> {
            if (wish.opened().isCancelled()) {
                self.tell(new ClientDone());
            }
        });
        timers.startSingleTimer(new Tick(), config.acceptTimeout());
        timers.startTimerWithFixedDelay(new Retry(), config.acceptTimeout().dividedBy(FIRST_QUESTIONS));
        SessionCommand first = wish.first().apply(ears);
        received = switch (first) {
            case SessionCommand.Generate generate -> Optional.of(Received.nothingOf(generate));
            case SessionCommand.Continue origin -> Optional.of(new Received(origin));
            case SessionCommand.Prepare _,
                    SessionCommand.Whereabouts _,
                    SessionCommand.Keep _,
                    SessionCommand.Resume _,
                    SessionCommand.Acknowledge _,
                    SessionCommand.Cancel _,
                    SessionCommand.OfWhole _ -> Optional.empty();
        };
        wish.session().tell(first);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onAnyMessage(this::onMessage)
                .onSignal(PostStop.class, _ -> {
                    closed.complete(Done.getInstance());
                    return this;
                })
                .build();
    }

    private Behavior<Command> onMessage(Command command) {
        return switch (command) {
            case Heard(StreamEvent.Accepted accepted) -> onAccepted(accepted);
            case Heard(StreamEvent.Refused refused) -> onRefused(refused.failure());
            case Heard(StreamEvent.Moving announced) -> onMoving(announced);
            case Heard(StreamEvent.Prepared _) -> onPrepared();
            case Heard(StreamEvent.Indexed event) -> onEvent(event);
            case ClientDone _ -> onClientDone();
            case Expire(Failure failure) -> {
                tell(wish.cancel(reading));
                yield end(failure);
            }
            case Tick _ -> onTick();
            case SessionGone(var gone) -> {
                if (session.filter(gone::equals).isPresent() && !ended) {
                    session = Optional.empty();
                    findHome();
                }
                yield this;
            }
            case Retry _ -> onRetry();
        };
    }

    private Behavior<Command> onAccepted(StreamEvent.Accepted accepted) {
        if (accepted.epoch() < cursor.epoch()) {
            return this; // Said by a session that is gone.
        }
        heard = true;
        silentProbes = 0;
        reading = Math.max(reading, accepted.reading());
        homeless = false;
        moving = false;
        timers.cancel(new Retry());
        cursor.begin(accepted.epoch());
        watch(accepted.session());
        if (received.isEmpty()) {
            received = accepted.origin().map(Received::new);
        }
        received.ifPresent(known -> known.note(accepted));
        if (client.isPresent() || ended) {
            return this;
        }
        timers.startTimerWithFixedDelay(new Tick(), config.probeInterval());
        if (received.isEmpty()) {
            return this; // The session computes up to where the client is: only then it knows what stands before.
        }
        ActorRef<Command> self = getContext().getSelf();
        ClientEnd begun = new ClientEnd(
                wish.stream(),
                config.bufferEvents(),
                event -> tell(wish.acknowledge(event.index(), reading)),
                () -> self.tell(new ClientDone()),
                getContext().getSystem());
        client = Optional.of(begun);
        return wish.opened()
                        .complete(new OpenStream.Begun(
                                accepted, begun.events(), () -> self.tell(new ClientDone()), closed))
                ? this
                : onClientDone();
    }

    /** Tells the session that has the stream, or whichever has its name. */
    private void tell(SessionCommand command) {
        RecipientRef<SessionCommand> known =
                session.<RecipientRef<SessionCommand>>map(s -> s).orElse(wish.session());
        known.tell(command);
    }

    private void watch(ActorRef<SessionCommand> now) {
        if (session.filter(now::equals).isEmpty()) {
            session.ifPresent(getContext()::unwatch);
            session = Optional.of(now);
            getContext().watchWith(now, new SessionGone(now));
        }
    }

    /** Has another session go on, in an epoch that fences off whatever the lost one may still say. */
    private void findHome() {
        if (!homeless) {
            homeless = true;
            moving = false;
            retries = 0;
            timers.startTimerWithFixedDelay(new Retry(), config.retryInterval());
            cursor.begin(cursor.epoch() + 1);
            String news = "{} is to go on elsewhere behind event {} in epoch {}";
            getContext().getLog().info(news, wish.stream(), cursor.last(), cursor.epoch());
        }
        wish.session().tell(goingOn(cursor.epoch()));
    }

    /** What a session is told that is to go on; one without a beginning that is known here must know the stream itself. */
    private SessionCommand goingOn(long epoch) {
        return received.<SessionCommand>map(known -> known.behind(cursor.last(), epoch, ears, wish.asked(), reading))
                .orElseGet(() -> wish.resume(cursor.last(), ears, reading));
    }

    /** The session goes on meanwhile, so that the pause is no longer than what comes between this and the answer. */
    private Behavior<Command> onMoving(StreamEvent.Moving announced) {
        if (!ended && !homeless && announced.epoch() >= cursor.epoch()) {
            moving = true;
            timers.startTimerWithFixedDelay(new Retry(), config.retryInterval());
            prepare();
        }
        return this;
    }

    private void prepare() {
        received.ifPresent(known -> wish.session()
                .tell(new SessionCommand.Prepare(
                        known.behind(cursor.last(), cursor.epoch() + 1, ears, wish.asked(), reading))));
    }

    private Behavior<Command> onPrepared() {
        if (moving && !ended) {
            moving = false;
            tell(wish.cancel(reading));
            session.ifPresent(getContext()::unwatch);
            session = Optional.empty();
            findHome();
        }
        return this;
    }

    private Behavior<Command> onRetry() {
        if (moving) {
            prepare();
            return this;
        }
        if (ended || !(homeless || client.isEmpty())) {
            return this;
        }
        if (client.isEmpty()) {
            // Not accepted yet: the question may have gone to a node that has just died. Tick sets the limit.
            wish.session().tell(goingOn(1));
            return this;
        }
        if (retries++ == config.maxRetries()) {
            return end(new Failure.Unavailable("the node that held the stream is gone, and no other took it over"));
        }
        findHome();
        return this;
    }

    /** Before the stream has begun a refusal is the answer; later only one that no other session would give ends it. */
    private Behavior<Command> onRefused(Failure failure) {
        if (client.isEmpty() && failure instanceof Failure.NotFound && unknown++ < UNKNOWN_TRIES) {
            // It may be on its way from one place to another.
            timers.startSingleTimer(new Retry(), config.retryInterval());
            return this;
        }
        if (client.isEmpty() || received.isEmpty()) {
            return end(failure);
        }
        return switch (failure) {
            case Failure.Unavailable _, Failure.Overloaded _, Failure.NotFound _ -> {
                if (!ended && !homeless && !moving) {
                    findHome();
                }
                yield this;
            }
            case Failure.Invalid _, Failure.UnknownModel _, Failure.TooLong _, Failure.Broken _, Failure.Internal _ ->
                end(failure);
        };
    }

    private Behavior<Command> onEvent(StreamEvent.Indexed event) {
        heard = true;
        if (client.isEmpty() || ended) {
            return this; // Before Accepted only by reordering: the gap that it leaves is asked for again.
        }
        if (event instanceof StreamEvent.Failed failed && failed.epoch() == cursor.epoch()) {
            return end(failed.failure()); // May leave a gap: what is missing will not come.
        }
        switch (cursor.judge(event)) {
            case OLD -> REFUSED.fenced(event.epoch() < cursor.epoch());
            case FORGED -> {
                REFUSED.forged();
                getContext().getLog().warn("an event of {} is of an epoch that nobody announced", wish.stream());
            }
            case GAP -> askAgain();
            case NEXT -> {
                gapAsked = false;
                received.ifPresent(known -> known.note(event));
                handOn(event);
            }
        }
        return this;
    }

    private void askAgain() {
        if (!gapAsked) {
            gapAsked = true;
            tell(wish.resume(cursor.last(), ears, reading));
        }
    }

    private void handOn(StreamEvent.Indexed event) {
        ClientEnd to = client.orElseThrow();
        if (!to.offer(event)) {
            getContext().getLog().error("stream {} overran its window of events", wish.stream());
            tell(wish.cancel(reading));
            ended = true;
        } else if (event instanceof StreamEvent.Done || event instanceof StreamEvent.Failed) {
            ended = true;
            to.complete();
        }
    }

    private Behavior<Command> onClientDone() {
        if (!ended) {
            tell(wish.cancel(reading));
        }
        return Behaviors.stopped();
    }

    /** Ends the stream with a failure: as the answer where nothing has begun, else as its last event. */
    private Behavior<Command> end(Failure failure) {
        if (client.isEmpty()) {
            wish.opened().complete(new OpenStream.NotBegun(failure));
            ended = true;
            return Behaviors.stopped();
        }
        if (!ended) {
            handOn(new StreamEvent.Failed(wish.stream(), 0, cursor.last() + 1, failure));
        }
        return this;
    }

    private Behavior<Command> onTick() {
        if (client.isEmpty() && session.isEmpty()) {
            wish.session().tell(wish.cancel(reading));
            return end(new Failure.Unavailable("no answer from the session's node within "
                    + config.acceptTimeout().toMillis() + " ms"));
        }
        boolean clientStalls = client.filter(ClientEnd::stalls).isPresent();
        if (heard || ended || clientStalls) {
            heard = false;
            return this;
        }
        if (silentProbes >= config.maxProbes()) {
            if (received.isEmpty()) {
                return end(new Failure.Unavailable("the node that held the stream no longer answers"));
            }
            if (!homeless) {
                findHome();
            }
            return this;
        }
        silentProbes++;
        tell(wish.resume(cursor.last(), ears, reading));
        return this;
    }
}
