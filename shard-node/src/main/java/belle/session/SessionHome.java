package belle.session;

import belle.proto.session.SessionCommand;
import org.apache.pekko.actor.typed.ActorRef;

/** Where a session lives: the sharded entity through which commands find it, and the way back to the shard. */
public interface SessionHome {
    /** The session's id. */
    String id();

    /** The entity that passes commands on to the session. The session leaves when it is gone. */
    ActorRef<?> door();

    /** Asks for the door to be closed; the shard keeps what is sent to it meanwhile for its next incarnation. */
    void passivate();

    /** Sends a command to wherever the session will be next. */
    void forward(SessionCommand command);

    /** The session is gone. */
    void left();
}
