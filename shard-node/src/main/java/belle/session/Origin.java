package belle.session;

import belle.proto.session.Progress;
import belle.proto.session.SessionCommand;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;

/** Where a turn lives and how it came here: as a request, with what its reader had at the time. */
record Origin(ActorRef<SessionCommand> session, SessionCommand.Generate request, Progress progress) {
    /** Tells whether it is what {@code asked} asks for, whoever reads it. */
    boolean answers(SessionCommand.Generate asked) {
        return TurnRequest.of(request).asksFor(TurnRequest.of(asked));
    }

    /** Tells whether it is a tenant's; anybody's where that is empty. */
    boolean isOf(Optional<String> tenant) {
        return tenant.isEmpty() || tenant.get().equals(request.tenant());
    }

    /** What a session elsewhere would have to be told by a reader that is so far. */
    SessionCommand.Continue behind(Progress now) {
        return new SessionCommand.Continue(request, now);
    }
}
