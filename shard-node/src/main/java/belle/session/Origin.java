package belle.session;

import belle.proto.session.Progress;
import belle.proto.session.SessionCommand;
import org.apache.pekko.actor.typed.ActorRef;

/** Where a turn lives and how it came here: as a request, with what its reader had at the time. */
record Origin(ActorRef<SessionCommand> session, SessionCommand.Generate request, Progress progress) {
    /** What a session elsewhere would have to be told by a reader that is so far. */
    SessionCommand.Continue behind(Progress now) {
        return new SessionCommand.Continue(request, now);
    }
}
