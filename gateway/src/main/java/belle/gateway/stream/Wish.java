package belle.gateway.stream;

import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.RecipientRef;

/**
 * What to read.
 *
 * @param session where the stream lives
 * @param after index of the last event that the client has, or -1
 * @param asked when the client asked; see {@link SessionCommand.Generate}
 * @param first the command that starts or resumes the stream
 * @param opened completed once; cancelled by whoever no longer wants the stream
 */
record Wish(
        RecipientRef<SessionCommand> session,
        String stream,
        long after,
        long asked,
        Function<ActorRef<StreamEvent>, SessionCommand> first,
        CompletableFuture<OpenStream> opened) {
    /** What a session is told when nobody wants the stream any more. */
    SessionCommand cancel() {
        return new SessionCommand.Cancel(stream, asked);
    }

    /** What a session is told that has the stream, for {@code reader} to have all behind event {@code last}. */
    SessionCommand resume(long last, ActorRef<StreamEvent> reader) {
        return new SessionCommand.Resume(stream, last, asked, reader);
    }
}
