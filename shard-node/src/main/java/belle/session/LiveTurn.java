package belle.session;

import belle.engine.GenerationRequest;
import belle.engine.Output;
import belle.proto.Failure;
import belle.proto.session.Progress;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import belle.replica.BatchActor;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * A turn between its replica and its reader: submits it, sends its events as far as the reader's window allows, pauses it
 * when the window is full, and submits it again when the replica lost it or a reader came back.
 */
final class LiveTurn {
    /** What a turn waits for. */
    enum Alarm {
        READER_STALLED,
        GRACE_IS_OVER,
        RETENTION_IS_OVER
    }

    /** Sets and clears the alarms of one turn; setting one again moves it. */
    interface Alarms {
        void set(Alarm alarm, Duration delay);

        void clear(Alarm alarm);
    }

    private enum Computing {
        /** Sent to the replica, whose answer is due; nothing was promised to the reader yet. */
        SUBMITTED,
        RUNNING,
        /** The reader's window is full. */
        PAUSED,
        /** Cancelled: no blocks are held; a reader that comes back starts it again. */
        SUSPENDED,
        ENDED
    }

    private final ServedModel model;
    private final SessionActor.Origin origin;
    private final GenerationRequest request;
    private final ActorRef<BatchActor.Event> replicaEvents;
    private final SessionConfig config;
    private final Alarms alarms;
    private final Turn turn;
    private Computing computing = Computing.SUBMITTED;
    private Optional<ActorRef<StreamEvent>> reader;
    private long readerAsked;
    private int resubmissions;

    LiveTurn(
            ServedModel model,
            GenerationRequest request,
            ActorRef<StreamEvent> reader,
            ActorRef<BatchActor.Event> replicaEvents,
            SessionConfig config,
            Alarms alarms,
            SessionActor.Origin origin) {
        this.model = model;
        this.request = request;
        this.origin = origin;
        this.reader = Optional.of(reader);
        this.readerAsked = origin.request().asked();
        this.replicaEvents = replicaEvents;
        this.config = config;
        this.alarms = alarms;
        this.turn = new Turn(request.stream(), origin.progress(), config.maxLogEvents());
    }

    /** Tells whether nothing is computed for it now, so that it may be dropped to make room. */
    boolean atRest() {
        return computing == Computing.SUSPENDED || computing == Computing.ENDED;
    }

    /** Tells whether it is what {@code request} asks for, whoever reads it. */
    boolean answers(SessionCommand.Generate request) {
        return origin.request().answeredTo(request.replyTo(), request.asked()).equals(request);
    }

    private boolean isRead() {
        return reader.isPresent() && !(computing == Computing.ENDED && turn.allSent());
    }

    /** The session leaves its node: the reader is to look for another one, and is told again when it is promised one. */
    void announceMove() {
        if (computing != Computing.SUBMITTED && isRead()) {
            tell(new StreamEvent.Moving(request.stream(), turn.epoch()));
        }
    }

    /** Tells whether it is read, or computed for a reader that may come back. */
    boolean isAwaited() {
        return isRead() || (reader.isEmpty() && (computing == Computing.RUNNING || computing == Computing.PAUSED));
    }

    /** Tells whether a reader whose client asked at {@code asked} has been replaced by a later one. */
    boolean isPast(long asked) {
        return asked < readerAsked;
    }

    boolean isReadBy(ActorRef<?> actor) {
        return reader.filter(actor::equals).isPresent();
    }

    boolean isComputedBy(ActorRef<?> actor) {
        return model.replica().equals(actor);
    }

    void submit() {
        model.replica().tell(new BatchActor.Submit(request.behind(turn.given()), turn.epoch(), replicaEvents));
    }

    /**
     * Takes what the replica says of it; what it says of an earlier epoch is ignored.
     *
     * @return false when the turn was refused and is to be forgotten
     */
    boolean onReplica(BatchActor.Event event) {
        if (event.epoch() != turn.epoch() || atRest()) {
            return true;
        }
        switch (event) {
            case BatchActor.Admitted _ -> onAdmitted();
            case BatchActor.Rejected rejected -> {
                return breakOff(rejected.failure());
            }
            case BatchActor.Produced(var _, var epoch, var outputs) -> onProduced(epoch, outputs);
            case BatchActor.Lost _ -> {
                return onLost();
            }
        }
        return true;
    }

    void acknowledge(long index, long asked) {
        if (!isPast(asked)) {
            turn.acknowledge(index);
            pump();
        }
    }

    /**
     * Stops computing and lets the reader go.
     *
     * @return false when nothing was promised yet and the turn is to be forgotten
     */
    boolean cancel() {
        boolean promised = computing != Computing.SUBMITTED;
        letReaderGo();
        if (!atRest()) {
            stopComputing(Computing.SUSPENDED);
        }
        return promised;
    }

    /** The reader's actor has died; another one may ask for the rest within the grace. */
    void readerDied() {
        reader = Optional.empty();
        alarms.clear(Alarm.READER_STALLED);
        if (!atRest()) {
            alarms.set(Alarm.GRACE_IS_OVER, config.readerGrace());
        }
    }

    /** The window has been full for too long: the turn ends, and so does its reader, who misses events. */
    void readerStalled() {
        var failure = new Failure.Unavailable("the stream's reader took nothing for "
                + config.stalledReaderTimeout().toSeconds() + " seconds");
        if (!atRest()) {
            turn.fail(failure);
            stopComputing(Computing.ENDED);
        }
        tell(turn.failedAtEnd(failure));
        letReaderGo();
    }

    /** Gives the turn to another reader, from behind event {@code after}. */
    void resume(long after, ActorRef<StreamEvent> newReader, long asked) {
        if (computing == Computing.SUBMITTED || !turn.rewind(after)) {
            newReader.tell(new StreamEvent.Refused(
                    request.stream(),
                    new Failure.NotFound(
                            "stream " + request.stream() + " has no events to give behind event " + after)));
            return;
        }
        if (!isReadBy(newReader)) {
            tell(turn.failedAtEnd(new Failure.Unavailable("the stream is read elsewhere now")));
        }
        letReaderGo();
        reader = Optional.of(newReader);
        readerAsked = asked;
        if (computing == Computing.SUSPENDED) {
            alarms.clear(Alarm.RETENTION_IS_OVER);
            computing = Computing.RUNNING;
            turn.restart(0);
            submit();
        }
        tell(accepted(Optional.of(origin.behind(turn.before(after + 1)))));
        pump();
    }

    /** Goes on for a reader that lost sight of the session; in a new epoch, so that what it may still hear is old. */
    void proceed(Progress progress, ActorRef<StreamEvent> newReader, long asked) {
        if (computing == Computing.SUBMITTED) {
            reader = Optional.of(newReader); // The answer is due.
            readerAsked = asked;
            return;
        }
        if (!turn.rewind(progress.after())) {
            newReader.tell(new StreamEvent.Refused(
                    request.stream(),
                    new Failure.NotFound(
                            "stream " + request.stream() + " has no events to give behind event " + progress.after())));
            return;
        }
        if (!isReadBy(newReader)) {
            tell(turn.failedAtEnd(new Failure.Unavailable("the stream is read elsewhere now")));
        }
        letReaderGo();
        reader = Optional.of(newReader);
        readerAsked = asked;
        if (computing != Computing.ENDED) {
            model.replica().tell(new BatchActor.Cancel(request.stream(), turn.epoch()));
            alarms.clear(Alarm.RETENTION_IS_OVER);
            computing = Computing.RUNNING;
            turn.restart(progress.epoch());
            submit();
        } else {
            turn.restart(progress.epoch());
        }
        tell(accepted(Optional.empty()));
        pump();
    }

    /**
     * Ends the turn with a failure.
     *
     * @return false when the reader was told of a refusal and the turn is to be forgotten
     */
    boolean breakOff(Failure failure) {
        if (computing == Computing.SUBMITTED) {
            tell(new StreamEvent.Refused(request.stream(), failure));
            return false;
        }
        turn.fail(failure);
        pump();
        return true;
    }

    /** The session moves: frees the blocks. Its reader sees it end and goes on elsewhere; who was promised nothing is told. */
    void moveOut(Failure failure) {
        if (computing == Computing.SUBMITTED) {
            tell(new StreamEvent.Refused(request.stream(), failure));
        }
        if (!atRest()) {
            model.replica().tell(new BatchActor.Cancel(request.stream(), turn.epoch()));
        }
    }

    /** The turn is forgotten: frees the blocks and tells the reader, in or out of its window. */
    void abandon(Failure failure) {
        if (computing == Computing.SUBMITTED) {
            tell(new StreamEvent.Refused(request.stream(), failure));
        } else if (computing != Computing.ENDED || !turn.allSent()) {
            tell(turn.failedAtEnd(failure));
        }
        if (!atRest()) {
            stopComputing(Computing.ENDED);
        }
        letReaderGo();
    }

    private void onAdmitted() {
        if (computing == Computing.SUBMITTED) {
            computing = Computing.RUNNING;
            tell(accepted(Optional.empty()));
        }
    }

    private void onProduced(long epoch, List<Output> outputs) {
        outputs.forEach(output -> turn.apply(epoch, output));
        pump();
    }

    private boolean onLost() {
        if (resubmissions++ == config.maxResubmissions()) {
            return breakOff(new Failure.Internal("the model's batch loop crashed; see the node's log"));
        }
        turn.restart(0);
        submit();
        if (computing != Computing.SUBMITTED) {
            tell(accepted(Optional.empty())); // Readers take nothing of an epoch that was not announced.
        }
        if (computing == Computing.PAUSED) {
            model.replica().tell(new BatchActor.Pause(request.stream(), turn.epoch()));
        }
        return true;
    }

    /** Sends what is due, and runs the sequences just when the reader's window has room. */
    private void pump() {
        reader.ifPresent(to -> turn.due(config.windowEvents()).forEach(to::tell));
        if (turn.ended() && !atRest()) {
            stopComputing(Computing.ENDED);
        } else if (computing == Computing.RUNNING && turn.windowFull(config.windowEvents())) {
            computing = Computing.PAUSED;
            model.replica().tell(new BatchActor.Pause(request.stream(), turn.epoch()));
        } else if (computing == Computing.PAUSED && !turn.windowFull(Math.ceilDiv(config.windowEvents(), 2))) {
            computing = Computing.RUNNING;
            model.replica().tell(new BatchActor.Resume(request.stream(), turn.epoch()));
        }
        watchReader();
    }

    /** A reader is stalled while it has a full window and acknowledges nothing, also when the turn itself has ended. */
    private void watchReader() {
        if (reader.isEmpty() || !turn.windowFull(config.windowEvents())) {
            alarms.clear(Alarm.READER_STALLED);
        } else {
            alarms.set(Alarm.READER_STALLED, config.stalledReaderTimeout());
        }
    }

    private void stopComputing(Computing then) {
        // Unknown to the replica when it has ended the stream itself, which it takes for done.
        model.replica().tell(new BatchActor.Cancel(request.stream(), turn.epoch()));
        computing = then;
        alarms.clear(Alarm.GRACE_IS_OVER);
        alarms.set(Alarm.RETENTION_IS_OVER, config.retention());
    }

    private void letReaderGo() {
        reader = Optional.empty();
        alarms.clear(Alarm.READER_STALLED);
        alarms.clear(Alarm.GRACE_IS_OVER);
    }

    private StreamEvent accepted(Optional<SessionCommand.Continue> goingOn) {
        return new StreamEvent.Accepted(
                request.stream(), turn.epoch(), model.name(), request.prompt().size(), origin.session(), goingOn);
    }

    private void tell(StreamEvent event) {
        reader.ifPresent(to -> to.tell(event));
    }
}
