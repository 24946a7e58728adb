package belle.session;

import belle.engine.GenerationRequest;
import belle.proto.Failure;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;

/** What a turn tells its reader beside the events themselves. */
final class Announcements {
    private final GenerationRequest request;
    private final Origin origin;
    private final Turn turn;
    private final Readers readers;

    /** The reader came with the turn's name alone: what a session elsewhere would have to be told is news to it. */
    private boolean newsOfOrigin;

    Announcements(GenerationRequest request, Origin origin, Turn turn, Readers readers) {
        this.request = request;
        this.origin = origin;
        this.turn = turn;
        this.readers = readers;
    }

    /** There is another reader. */
    void readerKnows(boolean theRequest) {
        newsOfOrigin = !theRequest;
    }

    /** What comes is of the turn's epoch; readers take nothing of one that was not announced. */
    void accept() {
        accept(Optional.empty());
    }

    /** The same; what follows stands behind event {@code after}, or will once the turn has come so far. */
    void acceptBehind(long after) {
        accept(
                newsOfOrigin && !turn.readerIsAhead()
                        ? Optional.of(origin.behind(turn.before(after + 1)))
                        : Optional.empty());
    }

    private void accept(Optional<SessionCommand.Continue> goingOn) {
        readers.tell(new StreamEvent.Accepted(
                turn.stream(),
                turn.epoch(),
                origin.request().model(),
                request.prompt().size(),
                origin.session(),
                goingOn,
                readers.number(),
                origin.request().begun(),
                origin.request().bundle()));
    }

    void refuse(Failure failure) {
        readers.tell(new StreamEvent.Refused(turn.stream(), failure));
    }

    /** The turn's own end where that is a failure, else this one. */
    void fail(Failure failure) {
        readers.tell(turn.failedAtEnd(failure));
    }

    /** The session leaves its node. */
    void move() {
        readers.tell(new StreamEvent.Moving(turn.stream(), turn.epoch()));
    }

    /** Tells what is due, now that the reader may be told. */
    void deliver(int windowEvents) {
        if (turn.meetsReader()) {
            meetReaderAt(turn.place());
        }
        if (readers.any()) {
            turn.due(windowEvents).forEach(readers::tell);
        }
    }

    /** A turn that is computed again comes to where its reader is, who now learns what a session elsewhere would need. */
    private void meetReaderAt(long after) {
        if (turn.rewind(after)) {
            acceptBehind(after);
        } else {
            failBehind(after);
        }
    }

    /** One who wants events behind {@code after} cannot have them. */
    void refuse(ActorRef<StreamEvent> ears, long after) {
        ears.tell(new StreamEvent.Refused(turn.stream(), nothingBehind(after)));
    }

    /** The same for the reader, who is let go. */
    void failBehind(long after) {
        fail(nothingBehind(after));
        readers.letAllGo();
    }

    private Failure nothingBehind(long after) {
        return new Failure.NotFound("stream " + turn.stream() + " has no events to give behind event " + after);
    }
}
