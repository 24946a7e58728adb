package belle.gateway.stream;

import belle.gateway.placement.SessionPlaces;
import belle.proto.Failure;
import belle.proto.session.SessionAnswer;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.RecipientRef;
import org.apache.pekko.actor.typed.Scheduler;
import org.apache.pekko.actor.typed.javadsl.AskPattern;

/** Opens streams of sessions. The door to this package's actors. */
public final class Streams {
    private final ActorRef<StreamsActor.Command> actor;
    private final Function<String, RecipientRef<SessionCommand>> sessions;
    private final SessionPlaces places;
    private final InstantSource clock;
    private final CompletionStage<Done> terminated;
    private final Duration acceptTimeout;
    private final Scheduler scheduler;

    private Streams(
            ActorRef<StreamsActor.Command> actor,
            Function<String, RecipientRef<SessionCommand>> sessions,
            SessionPlaces places,
            InstantSource clock,
            ActorSystem<?> system,
            Duration acceptTimeout) {
        this.actor = actor;
        this.clock = clock;
        this.terminated = system.getWhenTerminated();
        this.scheduler = system.scheduler();
        this.acceptTimeout = acceptTimeout;
        this.sessions = sessions;
        this.places = places;
    }

    /**
     * Starts the parent of all readers.
     *
     * @param places knows what suits a session
     * @param clock dates what clients ask
     * @param sessions finds a session by its id
     */
    public static Streams start(
            ActorSystem<?> system,
            StreamConfig config,
            SessionPlaces places,
            InstantSource clock,
            Function<String, RecipientRef<SessionCommand>> sessions) {
        var actor = system.systemActorOf(StreamsActor.create(config), "belle-gateway-streams", Props.empty());
        return new Streams(actor, sessions, places, clock, system, config.acceptTimeout());
    }

    /** Returns the id of the session of a conversation that has not named one; see {@link SessionPlaces#session}. */
    public String session(String conversation, Optional<String> beginning) {
        return places.session(conversation, beginning);
    }

    /** Starts a turn. Cancel the future to stop it before it has begun. */
    public CompletableFuture<OpenStream> generate(
            String session, String stream, Function<ActorRef<StreamEvent>, SessionCommand.Generate> command) {
        return open(session, stream, -1, (ears, asked) -> command.apply(ears).answeredTo(ears, asked));
    }

    /** Starts a turn, or reads it from its beginning if the session has it already. */
    public CompletableFuture<OpenStream> generateOrJoin(
            String session, String stream, Function<ActorRef<StreamEvent>, SessionCommand.Generate> command) {
        return open(session, stream, -1, (ears, asked) -> {
            SessionCommand.Generate generate = command.apply(ears).answeredTo(ears, asked);
            return new SessionCommand.Continue(generate, generate.nothingHeard());
        });
    }

    /** Goes on with a stream behind event {@code after}, or from its first one (-1). */
    public CompletableFuture<OpenStream> resume(String session, String stream, long after) {
        return open(session, stream, after, (ears, asked) -> new SessionCommand.Resume(stream, after, asked, 0, ears));
    }

    /** Asks a session about itself as a whole; declined when it does not answer in time. */
    public CompletionStage<SessionAnswer> ask(
            String session, Function<ActorRef<SessionAnswer>, SessionCommand.OfWhole> question) {
        return AskPattern.<SessionCommand, SessionAnswer>ask(
                        sessions.apply(session), question::apply, acceptTimeout, scheduler)
                .exceptionally(_ -> new SessionAnswer.Declined(new Failure.Unavailable(
                        "no answer from the session's node within " + acceptTimeout.toMillis() + " ms")));
    }

    /** Completes once no stream is open. */
    public CompletionStage<Done> awaitIdle() {
        var idle = new CompletableFuture<Done>();
        actor.tell(new StreamsActor.AwaitIdle(idle));
        return idle.applyToEither(terminated, done -> done); // A system that is gone has no streams.
    }

    /** Ends all streams with one error event. */
    public void expireAll(Failure failure) {
        actor.tell(new StreamsActor.ExpireAll(failure));
    }

    private CompletableFuture<OpenStream> open(
            String session, String stream, long after, BiFunction<ActorRef<StreamEvent>, Long, SessionCommand> first) {
        var opened = new CompletableFuture<OpenStream>();
        Runnable over = places.busy(session);
        var _ = opened.whenComplete((how, _) -> {
            if (how instanceof OpenStream.Begun begun) {
                begun.ended().thenRun(over);
            } else {
                over.run();
            }
        });
        long asked = clock.millis();
        actor.tell(new StreamsActor.Open(
                new Wish(sessions.apply(session), stream, after, asked, ears -> first.apply(ears, asked), opened)));
        return opened;
    }
}
