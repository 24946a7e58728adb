package belle.session;

import belle.proto.session.SessionCommand;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * The sharded entity of a session. The session itself lives beside it, so that it outlasts the moment in which its shard
 * moves: it goes on with its streams until their readers have found it again elsewhere.
 */
public final class SessionDoor {
    private SessionDoor() {}

    /** A door that passes everything on to the session that {@code inside} makes for it. */
    public static Behavior<SessionCommand> create(Function<ActorRef<?>, Behavior<SessionCommand>> inside) {
        return Behaviors.setup(context -> {
            ActorRef<SessionCommand> session = context.getSystem()
                    .systemActorOf(
                            inside.apply(context.getSelf()),
                            "session-" + context.getSelf().path().uid() + "-"
                                    + Long.toString(System.nanoTime(), Character.MAX_RADIX),
                            Props.empty());
            context.watch(session);
            return Behaviors.receive(SessionCommand.class)
                    .onAnyMessage(command -> {
                        session.tell(command);
                        return Behaviors.same();
                    })
                    .onSignal(Terminated.class, _ -> Behaviors.stopped())
                    .build();
        });
    }
}
