package belle.gateway.stream;

import belle.proto.Failure;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;

/** Parent of all readers: bounds their number and ends them when the gateway stops. Local messages only. */
final class StreamsActor extends AbstractBehavior<StreamsActor.Command> {
    sealed interface Command {}

    /** Starts a reader. */
    record Open(Wish wish) implements Command {}

    /** Completes {@code idle} once no reader is left. */
    record AwaitIdle(CompletableFuture<Done> idle) implements Command {}

    /** Ends every stream with one error event. */
    record ExpireAll(Failure failure) implements Command {}

    /** A reader has stopped. */
    private record Closed(ActorRef<ReaderActor.Command> reader) implements Command {}

    private final StreamConfig config;
    private final Set<ActorRef<ReaderActor.Command>> readers = new HashSet<>();
    private final List<CompletableFuture<Done>> waiting = new ArrayList<>();

    static Behavior<Command> create(StreamConfig config) {
        return Behaviors.setup(context -> new StreamsActor(config, context));
    }

    private StreamsActor(StreamConfig config, ActorContext<Command> context) {
        super(context);
        this.config = config;
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder().onAnyMessage(this::onMessage).build();
    }

    private Behavior<Command> onMessage(Command command) {
        switch (command) {
            case Open(Wish wish) -> open(wish);
            case AwaitIdle(CompletableFuture<Done> idle) -> waiting.add(idle);
            case ExpireAll(Failure failure) -> readers.forEach(reader -> reader.tell(new ReaderActor.Expire(failure)));
            case Closed(ActorRef<ReaderActor.Command> reader) -> readers.remove(reader);
        }
        if (readers.isEmpty()) {
            waiting.forEach(idle -> idle.complete(Done.getInstance()));
            waiting.clear();
        }
        return this;
    }

    private void open(Wish wish) {
        if (readers.size() >= config.maxStreams()) {
            wish.opened()
                    .complete(new OpenStream.NotBegun(new Failure.Overloaded(
                            "this gateway serves at most " + config.maxStreams() + " streams at once", 1)));
            return;
        }
        var reader = getContext().spawnAnonymous(ReaderActor.create(wish, config));
        readers.add(reader);
        getContext().watchWith(reader, new Closed(reader));
    }
}
