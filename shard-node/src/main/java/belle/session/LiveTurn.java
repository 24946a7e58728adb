package belle.session;

import belle.engine.GenerationRequest;
import belle.proto.Failure;
import belle.proto.session.Progress;
import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import belle.proto.session.TurnView;
import belle.replica.BatchActor;
import belle.session.Alarms.Alarm;
import belle.session.Computation.State;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * A turn between its replica and its reader: submits it, sends its events as far as the reader's window allows, pauses it
 * when the window is full, and submits it again when the replica lost it or a reader came back.
 */
final class LiveTurn {
    private final ServedModel model;
    private final Origin origin;
    private final GenerationRequest request;
    private final SessionConfig config;
    private final Alarms alarms;
    private final Turn turn;
    private final TurnRecord record;
    private final Computation computing;
    private boolean promised; // The reader was told that the request is accepted: the turn is not refused any more.
    private Optional<ActorRef<StreamEvent>> reader = Optional.empty();
    private long readerAsked;
    private int resubmissions;

    LiveTurn(
            ServedModel model,
            GenerationRequest request,
            Turn turn,
            TurnRecord record,
            ActorRef<BatchActor.Event> replicaEvents,
            SessionConfig config,
            Alarms alarms,
            Origin origin) {
        this.model = model;
        this.request = request;
        this.origin = origin;
        this.config = config;
        this.alarms = alarms;
        this.turn = turn;
        this.record = record;
        this.promised = turn.ended();
        this.computing = new Computation(model, request, turn, replicaEvents);
        if (turn.ended()) {
            alarms.set(Alarm.RETENTION_IS_OVER, config.retention());
        }
    }

    /** Tells whether nothing is computed for it now, so that it may be dropped to make room. */
    boolean atRest() {
        return computing.atRest();
    }

    /** Tells whether it is what {@code request} asks for, whoever reads it. */
    boolean answers(SessionCommand.Generate request) {
        return origin.request().answeredTo(request.replyTo(), request.asked()).equals(request);
    }

    private boolean isRead() {
        return reader.isPresent() && !(computing.is(State.ENDED) && turn.allSent());
    }

    /** The session leaves its node: the reader is to look for another one, and is told again when it is promised one. */
    void announceMove() {
        if (promised && isRead()) {
            tell(new StreamEvent.Moving(request.stream(), turn.epoch()));
        }
    }

    /** Tells whether it is read, or computed for a reader that may come back. */
    boolean isAwaited() {
        return isRead() || (reader.isEmpty() && promised && !atRest());
    }

    /** Tells whether a reader whose client asked at {@code asked} has been replaced by a later one. */
    boolean isPast(long asked) {
        return asked < readerAsked;
    }

    boolean isReadBy(ActorRef<?> actor) {
        return reader.filter(actor::equals).isPresent();
    }

    boolean isComputedBy(ActorRef<?> actor) {
        return computing.isOn(actor);
    }

    /** Tells whether a reader with {@code progress} has more than was computed again so far, or needs what is not kept. */
    boolean cannotServe(Progress progress) {
        return promised && !(turn.reaches(progress.after()) && turn.keeps(progress.after()));
    }

    /** Begins for {@code newReader}, who has everything up to event {@code after}, computed or still to be. */
    void begin(long after, ActorRef<StreamEvent> newReader, long asked) {
        if (turn.ended()) {
            resume(after, newReader, asked);
            return;
        }
        readerAsked = asked;
        reader = Optional.of(newReader);
        turn.rewind(after);
        computing.submit();
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
            case BatchActor.Admitted _
            when computing.admit() -> record.open().ifPresentOrElse(alarms::await, this::promise);
            case BatchActor.Admitted _ -> {}
            case BatchActor.Rejected rejected -> {
                return breakOff(rejected.failure());
            }
            case BatchActor.Produced(var _, var epoch, var outputs) -> {
                outputs.forEach(output -> turn.apply(epoch, output));
                pump();
            }
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
        letReaderGo();
        if (!promised) {
            record.withdraw();
        }
        if (!atRest()) {
            stopComputing(State.SUSPENDED);
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
            stopComputing(State.ENDED);
        }
        tell(turn.failedAtEnd(failure));
        letReaderGo();
    }

    /** Gives the turn to another reader, from behind event {@code after}. */
    void resume(long after, ActorRef<StreamEvent> newReader, long asked) {
        if (!(promised || record.recovered()) || !turn.rewind(after)) {
            newReader.tell(new StreamEvent.Refused(request.stream(), nothingBehind(after)));
            return;
        }
        handOver(newReader, asked);
        if (computing.is(State.SUSPENDED)) {
            computeOn(0);
        }
        if (promised) {
            tell(turn.readerIsAhead() ? accepted(Optional.empty()) : acceptedBehind(after));
            pump();
        }
    }

    /** Goes on for a reader that lost sight of the session; in a new epoch, so that what it may still hear is old. */
    void proceed(Progress progress, ActorRef<StreamEvent> newReader, long asked) {
        if (!promised) {
            reader = Optional.of(newReader); // The answer is due.
            readerAsked = asked;
            return;
        }
        if (!turn.rewind(progress.after())) {
            newReader.tell(new StreamEvent.Refused(request.stream(), nothingBehind(progress.after())));
            return;
        }
        handOver(newReader, asked);
        if (!computing.is(State.ENDED)) {
            computing.cancel();
            computeOn(progress.epoch());
        } else {
            turn.restart(progress.epoch());
        }
        tell(accepted(Optional.empty()));
        pump();
    }

    private Failure nothingBehind(long after) {
        return new Failure.NotFound("stream " + request.stream() + " has no events to give behind event " + after);
    }

    private void handOver(ActorRef<StreamEvent> newReader, long asked) {
        if (!isReadBy(newReader)) {
            tell(turn.failedAtEnd(new Failure.Unavailable("the stream is read elsewhere now")));
        }
        letReaderGo();
        reader = Optional.of(newReader);
        readerAsked = asked;
    }

    private void computeOn(long epoch) {
        alarms.clear(Alarm.RETENTION_IS_OVER);
        computing.startAgain(epoch);
    }

    /**
     * Ends the turn with a failure.
     *
     * @return false when the reader was told of a refusal and the turn is to be forgotten
     */
    boolean breakOff(Failure failure) {
        if (!promised) {
            if (!computing.is(State.SUBMITTED) && !atRest()) {
                stopComputing(State.ENDED);
            }
            refuse(failure);
            return false;
        }
        turn.fail(failure);
        pump();
        return true;
    }

    private void refuse(Failure failure) {
        record.withdraw();
        tell(new StreamEvent.Refused(request.stream(), failure));
    }

    /** The session moves: frees the blocks. Its reader sees it end and goes on elsewhere; who was promised nothing is told. */
    void moveOut(Failure failure) {
        if (!promised) {
            refuse(failure);
        }
        if (!atRest()) {
            computing.cancel();
        }
    }

    /** The turn is forgotten: frees the blocks and tells the reader, in or out of its window. */
    void abandon(Failure failure) {
        if (!promised) {
            refuse(failure);
        } else if (!computing.is(State.ENDED) || !turn.allSent()) {
            tell(turn.failedAtEnd(failure));
        }
        if (!atRest()) {
            stopComputing(State.ENDED);
        }
        letReaderGo();
    }

    /**
     * The turn is written down, or is not.
     *
     * @return false when it was refused and is to be forgotten
     */
    boolean onWritten(Optional<Failure> failure) {
        if (promised) {
            return true;
        }
        boolean runsAlready = origin.progress().epoch() > 1 && origin.progress().after() >= 0;
        Optional<Failure> fatal = failure.filter(why -> !(runsAlready && why instanceof Failure.Unavailable));
        fatal.ifPresentOrElse(this::breakOff, this::promise);
        return promised;
    }

    private void promise() {
        promised = true;
        tell(accepted(Optional.empty()));
        pump();
    }

    private boolean onLost() {
        if (resubmissions++ == config.maxResubmissions()) {
            return breakOff(new Failure.Internal("the model's batch loop crashed; see the node's log"));
        }
        computing.resubmit(0);
        if (promised) {
            tell(accepted(Optional.empty())); // Readers take nothing of an epoch that was not announced.
        }
        return true;
    }

    /** Sends what is due, and runs the sequences just when the reader's window has room. */
    private void pump() {
        if (promised && turn.meetsReader()) {
            meetReaderAt(turn.place());
        }
        if (promised) {
            reader.ifPresent(to -> turn.due(config.windowEvents()).forEach(to::tell));
        }
        if (turn.ended() && !atRest()) {
            stopComputing(State.ENDED);
        }
        computing.keepPace(config.windowEvents());
        watchReader();
    }

    /** A turn that is computed again comes to where its reader is, who now learns what a session elsewhere would need. */
    private void meetReaderAt(long after) {
        if (turn.rewind(after)) {
            tell(acceptedBehind(after));
        } else {
            tell(turn.failedAtEnd(nothingBehind(after)));
            letReaderGo();
        }
    }

    /** A reader is stalled while it has a full window and acknowledges nothing, also when the turn itself has ended. */
    private void watchReader() {
        if (reader.isEmpty() || !turn.windowFull(config.windowEvents())) {
            alarms.clear(Alarm.READER_STALLED);
        } else {
            alarms.set(Alarm.READER_STALLED, config.stalledReaderTimeout());
        }
    }

    private void stopComputing(State then) {
        computing.stop(then);
        if (then == State.ENDED) {
            record.close(turn.goodLog());
        }
        alarms.clear(Alarm.GRACE_IS_OVER);
        alarms.set(Alarm.RETENTION_IS_OVER, config.retention());
    }

    private void letReaderGo() {
        reader = Optional.empty();
        alarms.clear(Alarm.READER_STALLED);
        alarms.clear(Alarm.GRACE_IS_OVER);
    }

    /** Shows the turn to the one who asked for it. */
    TurnView view() {
        return record.view(atRest(), computing.is(State.ENDED), turn.goodLog());
    }

    String stream() {
        return request.stream();
    }

    /** Starts on behind {@code goingOn} with a turn of its own. */
    Start overtakenBy(SessionCommand.Continue goingOn) {
        Progress more = goingOn.progress();
        Progress progress = more.inEpoch(Math.max(turn.epoch() + 1, more.epoch()));
        Turn further = new Turn(request.stream(), progress, config.maxLogEvents());
        return new Start.With(goingOn.request(), progress, further, record, more.after());
    }

    boolean isOf(Optional<String> tenant) {
        return tenant.isEmpty() || tenant.get().equals(request.tenant());
    }

    private StreamEvent accepted(Optional<SessionCommand.Continue> goingOn) {
        return new StreamEvent.Accepted(
                request.stream(), turn.epoch(), model.name(), request.prompt().size(), origin.session(), goingOn);
    }

    private StreamEvent acceptedBehind(long after) {
        return accepted(Optional.of(origin.behind(turn.before(after + 1))));
    }

    private void tell(StreamEvent event) {
        reader.ifPresent(to -> to.tell(event));
    }
}
