package belle.session;

import belle.proto.session.SessionCommand;
import org.apache.pekko.actor.typed.ActorRef;

/** The way from a session back to the shard that hosts it. */
public interface SessionHome {
    /** Asks for the session to be stopped; the shard keeps what is sent to it meanwhile for its next incarnation. */
    void passivate(ActorRef<?> session);

    /** Sends a command to wherever the session will be next. */
    void forward(SessionCommand command);
}
