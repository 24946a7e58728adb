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
    /** What a session is told when reader {@code reading} does not want the stream any more. */
    SessionCommand cancel(long reading) {
        return new SessionCommand.Cancel(stream, asked, reading);
    }

    /** What a session is told when the client of reader {@code reading} has taken an event. */
    SessionCommand acknowledge(long index, long reading) {
        return new SessionCommand.Acknowledge(stream, index, asked, reading);
    }

    /** What a session is told that has the stream, for {@code reader} to have all behind event {@code last}. */
    SessionCommand resume(long last, ActorRef<StreamEvent> reader, long reading) {
        return new SessionCommand.Resume(stream, last, asked, reading, reader);
    }
}
