package belle.gateway.stream;

import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
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
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.QueueOfferResult;
import org.apache.pekko.stream.javadsl.Source;

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

    /** Another answer reads the stream from here on: end quietly and leave it alone. */
    record Replaced() implements Command {}

    /** Time to look whether the session is still there. */
    record Tick() implements Command {}

    /** The session that had the stream has ended: its node died, or it moves. */
    record SessionGone(ActorRef<SessionCommand> session) implements Command {}

    /** Time to ask again, when nobody has taken the stream yet. */
    record Retry() implements Command {}

    /**
     * What to read.
     *
     * @param session where the stream lives
     * @param after index of the last event that the client has, or -1
     * @param first the command that starts or resumes the stream
     * @param opened completed once; cancelled by whoever no longer wants the stream
     */
    record Wish(
            RecipientRef<SessionCommand> session,
            String stream,
            long after,
            Function<ActorRef<StreamEvent>, SessionCommand> first,
            CompletableFuture<OpenStream> opened) {}

    /** How often a session is asked to begin a stream before it counts as unavailable. */
    private static final int FIRST_QUESTIONS = 5;

    private static final Failure OVERRUN = new Failure.Internal("the stream had more events than its window allows");

    private final Wish wish;
    private final StreamConfig config;
    private final TimerScheduler<Command> timers;
    private final ActorRef<StreamEvent> ears;
    private final Cursor cursor;
    private final CompletableFuture<Done> closed = new CompletableFuture<>();

    /** Off once the stream has ended here: another reader may have it now, and only that one's taking counts. */
    private final AtomicBoolean acknowledging = new AtomicBoolean(true);

    private Optional<BoundedSourceQueue<StreamEvent.Indexed>> queue = Optional.empty();
    private Optional<Received> received = Optional.empty();
    private Optional<ActorRef<SessionCommand>> session = Optional.empty();
    private boolean ended;
    /** No session is known to have the stream: one is being asked to go on with it. */
    private boolean homeless;

    private int retries;
    private boolean heard;
    private boolean gapAsked;
    private int silentProbes;

    static Behavior<Command> create(Wish wish, StreamConfig config) {
        return Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new ReaderActor(wish, config, timers, context)));
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
            case SessionCommand.Resume _, SessionCommand.Acknowledge _, SessionCommand.Cancel _ -> Optional.empty();
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
            case Heard(StreamEvent.Indexed event) -> onEvent(event);
            case ClientDone _ -> onClientDone();
            case Expire(Failure failure) -> {
                wish.session().tell(new SessionCommand.Cancel(wish.stream()));
                yield end(failure);
            }
            case Replaced _ -> onReplaced();
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
        heard = true;
        silentProbes = 0;
        if (homeless && accepted.epoch() < cursor.epoch()) {
            return this; // Said by the session that is gone.
        }
        homeless = false;
        timers.cancel(new Retry());
        cursor.begin(accepted.epoch());
        watch(accepted.session());
        if (received.isEmpty()) {
            received = accepted.origin().map(Received::new);
        }
        if (queue.isPresent() || ended) {
            return this;
        }
        ActorRef<Command> self = getContext().getSelf();
        RecipientRef<SessionCommand> session = wish.session();
        AtomicBoolean counts = acknowledging;
        var begun = Source.<StreamEvent.Indexed>queue(config.bufferEvents())
                .map(event -> {
                    if (counts.get()) {
                        session.tell(new SessionCommand.Acknowledge(event.stream(), event.index()));
                    }
                    return event;
                })
                .recover(
                        FailureException.class, () -> new StreamEvent.Failed(wish.stream(), 0, Long.MAX_VALUE, OVERRUN))
                .<BoundedSourceQueue<StreamEvent.Indexed>>watchTermination((events, done) -> {
                    done.whenComplete((_, _) -> self.tell(new ClientDone()));
                    return events;
                })
                .preMaterialize(getContext().getSystem());
        queue = Optional.of(begun.first());
        timers.startTimerWithFixedDelay(new Tick(), config.probeInterval());
        return wish.opened()
                        .complete(new OpenStream.Begun(
                                accepted, begun.second(), () -> self.tell(new ClientDone()), closed))
                ? this
                : onClientDone();
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
            retries = 0;
            timers.startTimerWithFixedDelay(new Retry(), config.retryInterval());
            cursor.begin(cursor.epoch() + 1);
        }
        received.ifPresent(known -> wish.session().tell(known.behind(cursor.last(), cursor.epoch(), ears)));
    }

    private Behavior<Command> onRetry() {
        if (ended || !(homeless || queue.isEmpty())) {
            return this;
        }
        if (queue.isEmpty()) {
            // Not accepted yet: the question may have gone to a node that has just died. Tick sets the limit.
            wish.session()
                    .tell(received.<SessionCommand>map(known -> known.behind(cursor.last(), 1, ears))
                            .orElseGet(() -> wish.first().apply(ears)));
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
        if (queue.isEmpty() || received.isEmpty()) {
            return end(failure);
        }
        return switch (failure) {
            case Failure.Unavailable _, Failure.Overloaded _, Failure.NotFound _ -> {
                if (!ended && !homeless) {
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
        if (queue.isEmpty() || ended) {
            return this; // Before Accepted only by reordering: the gap that it leaves is asked for again.
        }
        if (event instanceof StreamEvent.Failed failed) {
            return end(failed.failure()); // May leave a gap: what is missing will not come.
        }
        switch (cursor.judge(event)) {
            case OLD -> {}
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
            wish.session().tell(new SessionCommand.Resume(wish.stream(), cursor.last(), ears));
        }
    }

    private void handOn(StreamEvent.Indexed event) {
        BoundedSourceQueue<StreamEvent.Indexed> events = queue.orElseThrow();
        boolean last = event instanceof StreamEvent.Done || event instanceof StreamEvent.Failed;
        QueueOfferResult result = events.offer(event);
        if (result.equals(QueueOfferResult.dropped())) {
            getContext().getLog().error("stream {} overran its window of events", wish.stream());
            wish.session().tell(new SessionCommand.Cancel(wish.stream()));
            ended = true;
            events.fail(new FailureException(OVERRUN));
        } else if (last) {
            ended = true;
            complete(events);
        }
    }

    private void complete(BoundedSourceQueue<StreamEvent.Indexed> events) {
        acknowledging.set(false);
        try {
            events.complete();
        } catch (IllegalStateException e) {
            // The client hung up at this very moment, which completed the queue; ClientDone is on its way.
        }
    }

    private Behavior<Command> onClientDone() {
        if (!ended) {
            wish.session().tell(new SessionCommand.Cancel(wish.stream()));
        }
        return Behaviors.stopped();
    }

    private Behavior<Command> onReplaced() {
        if (queue.isEmpty()) {
            return Behaviors.stopped();
        }
        if (!ended) {
            ended = true;
            complete(queue.get());
        }
        return this;
    }

    /** Ends the stream with a failure: as the answer where nothing has begun, else as its last event. */
    private Behavior<Command> end(Failure failure) {
        if (queue.isEmpty()) {
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
        if (queue.isEmpty()) {
            wish.session().tell(new SessionCommand.Cancel(wish.stream()));
            return end(new Failure.Unavailable("no answer from the session's node within "
                    + config.acceptTimeout().toMillis() + " ms"));
        }
        boolean clientStalls = queue.get().size() > 0;
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
        wish.session().tell(new SessionCommand.Resume(wish.stream(), cursor.last(), ears));
        return this;
    }
}
