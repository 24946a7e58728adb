package belle.session;

import belle.engine.GenerationRequest;
import belle.proto.Failure;
import belle.proto.session.Progress;
import belle.proto.session.SessionCommand;
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
    private final Origin origin;
    private final GenerationRequest request;
    private final SessionConfig config;
    private final Alarms alarms;
    private final Turn turn;
    private final TurnRecord record;
    private final Computation computing;
    private boolean promised; // The reader was told that the request is accepted: the turn is not refused any more.
    private final Readers readers;
    private final Announcements announcements;
    private boolean toldToMove;
    private boolean movedOn;

    LiveTurn(
            Replicas.Lease lease,
            GenerationRequest request,
            Start.With start,
            ActorRef<BatchActor.Event> replicaEvents,
            SessionConfig config,
            Alarms alarms,
            Origin origin) {
        this.request = request;
        this.origin = origin;
        this.config = config;
        this.alarms = alarms;
        this.turn = start.turn();
        this.record = start.record();
        this.readers = start.readers().orElseGet(() -> new Readers(request.stream(), config.readerGrace(), alarms));
        this.announcements = new Announcements(request, origin, turn, readers);
        this.promised = turn.ended();
        this.computing = new Computation(lease, request, turn, replicaEvents, origin);
        if (turn.ended()) {
            alarms.set(Alarm.RETENTION_IS_OVER, config.retention());
        }
    }

    Computation computing() {
        return computing;
    }

    Origin origin() {
        return origin;
    }

    private boolean isRead() {
        return readers.any() && !(computing.is(State.ENDED) && turn.allSent());
    }

    /** The session leaves its node: the reader is to look for another one, and is told again when it is promised one. */
    void announceMove() {
        if (promised && isRead()) {
            toldToMove = true;
            announcements.move();
        }
    }

    /** Tells whether it is read, or computed for a reader that may come back. */
    boolean isAwaited() {
        return isRead() || (!readers.any() && promised && !computing.atRest());
    }

    Readers readers() {
        return readers;
    }

    /** Its replica is gone for good, and another one goes on, if there is one; false when the turn is to be forgotten. */
    boolean onReplicaGone(Failure otherwise) {
        return computing.is(State.ENDED)
                || (computing.moveElsewhere() ? computing.atRest() || onLost(true) : breakOff(otherwise));
    }

    /** Begins for the reader of {@code start}, who has everything up to some event, computed or still to be. */
    void begin(Start.With start) {
        SessionCommand.Generate generate = start.generate();
        if (turn.ended()) {
            resume(generate.resume(start.after()));
            return;
        }
        readers.take(generate, readerKnows());
        announcements.readerKnows(!turn.isBegunAgain());
        turn.rewind(start.after());
        computing.submit();
    }

    /** Waits for a reader that was promised the stream at another place and may come back. */
    void keep() {
        promised = true;
        stopComputing(State.SUSPENDED);
    }

    /**
     * Takes what the replica says of it; what it says of an earlier epoch is ignored.
     *
     * @return false when the turn was refused and is to be forgotten
     */
    boolean onReplica(BatchActor.Event event) {
        if (event.epoch() != turn.epoch() || computing.atRest()) {
            return true;
        }
        switch (event) {
            case BatchActor.Admitted _
            when computing.admit() -> record.open().ifPresentOrElse(alarms::await, this::promise);
            case BatchActor.Admitted _ -> {}
            case BatchActor.Rejected(var _, var _, var failure) -> {
                return onRejected(failure);
            }
            case BatchActor.Produced produced -> {
                computing.take(produced);
                pump();
            }
            case BatchActor.Lost lost -> {
                return onLost(lost.suspected());
            }
        }
        return true;
    }

    /** Where the session's last place is this node, too, it may still be at work for the stream, in the same epoch. */
    private boolean onRejected(Failure failure) {
        boolean inUse = failure instanceof Failure.Invalid(var param, var _) && param.equals("stream");
        if (!inUse || computing.isLostForGood(config.maxResubmissions())) {
            return breakOff(failure);
        }
        computing.resubmit(0);
        return true;
    }

    void acknowledge(SessionCommand.Acknowledge taken) {
        if (readers.speaks(taken.asked(), taken.reading())) {
            turn.acknowledge(taken.index());
            pump();
        } else {
            readers.acknowledge(taken.index(), taken.asked(), taken.reading());
        }
    }

    /**
     * A reader leaves, the one that has the turn or another.
     *
     * @return false when nothing was promised yet and the turn is to be forgotten
     */
    boolean cancel(SessionCommand.Cancel leaving) {
        readers.leave(leaving.asked(), leaving.reading());
        movedOn |= toldToMove && readers.speaks(leaving.asked(), leaving.reading());
        return !readers.speaks(leaving.asked(), leaving.reading()) || cancel();
    }

    /** The same, of the one that has the turn: computing stops, unless another one waits for it. */
    boolean cancel() {
        if (readers.anyWaits()) {
            giveBack();
            return true;
        }
        readers.letAllGo();
        if (!promised) {
            record.withdraw();
        }
        if (!computing.atRest()) {
            stopComputing(State.SUSPENDED);
        }
        return promised;
    }

    /** An actor has died; if it was the reader's, another one may ask for the rest within the grace. */
    void died(ActorRef<?> actor) {
        readers.died(actor);
        if (!readers.has(actor)) {
            return;
        }
        readers.awaitAnother(!computing.atRest());
        if (readers.anyWaits()) {
            giveBack();
        }
    }

    /** The window has been full for too long: the turn ends, and so does its reader, who misses events. */
    void readerStalled() {
        if (readers.anyWaits()) {
            giveBack();
            return;
        }
        var failure = new Failure.Unavailable("the stream's reader took nothing for "
                + config.stalledReaderTimeout().toSeconds() + " seconds");
        if (!computing.atRest()) {
            turn.fail(failure);
            stopComputing(State.ENDED);
        }
        announcements.fail(failure);
        readers.letAllGo();
    }

    /** Gives the turn to another reader, from behind the event that it names. */
    void resume(SessionCommand.Resume resume) {
        Readers.Knows before = readerKnows();
        if (!(promised || turn.isBegunAgain()) || !turn.rewind(resume.after())) {
            announcements.refuse(resume.replyTo(), resume.after());
            return;
        }
        readers.take(resume, before);
        announcements.readerKnows(false);
        goOn(resume.after());
    }

    /** Sends the reader what is behind event {@code after}, or will be. */
    private void goOn(long after) {
        if (computing.is(State.SUSPENDED)) {
            computeOn(0);
        }
        if (promised) {
            announcements.acceptBehind(after);
            pump();
        }
    }

    /** Goes on for a reader that lost sight of the session; in a new epoch, so that what it may still hear is old. */
    void proceed(SessionCommand.Continue goingOn) {
        SessionCommand.Generate generate = goingOn.request();
        Progress progress = goingOn.progress();
        Readers.Knows before = readerKnows();
        if (!turn.rewind(progress.after())) {
            announcements.refuse(generate.replyTo(), progress.after());
            return;
        }
        readers.take(generate, before);
        announcements.readerKnows(true);
        if (!promised) {
            return; // The answer is due.
        }
        if (!computing.is(State.ENDED)) {
            computing.cancel();
            computeOn(progress.epoch());
        } else {
            turn.restart(progress.epoch());
        }
        announcements.accept();
        pump();
    }

    private Readers.Knows readerKnows() {
        return new Readers.Knows(promised, turn.epoch(), turn.acknowledged());
    }

    /** The reader has left soon after it came: the one that had the turn before has it again. */
    private void giveBack() {
        readers.giveBack().ifPresent(taken -> {
            if (turn.rewind(taken)) {
                goOn(taken);
            } else {
                announcements.failBehind(taken);
            }
        });
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
            if (!computing.is(State.SUBMITTED) && !computing.atRest()) {
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
        announcements.refuse(failure);
        readers.waitNoMore();
    }

    /** The session moves: frees the blocks. Its reader sees it end and goes on elsewhere; who was promised nothing is told. */
    void moveOut(Failure failure) {
        if (!promised) {
            refuse(failure);
        }
        computing.cancelUnlessAtRest();
    }

    /** Another turn takes the place of this one, and has its reader. */
    void giveWay() {
        computing.cancelUnlessAtRest();
        readers.change(readerKnows());
        alarms.clear(Alarm.RETENTION_IS_OVER);
    }

    /** The turn is forgotten: frees the blocks and tells the reader, in or out of its window. */
    void abandon(Failure failure) {
        if (!promised) {
            refuse(failure);
        } else if (!computing.is(State.ENDED) || !turn.allSent()) {
            announcements.fail(failure);
        }
        if (!computing.atRest()) {
            stopComputing(State.ENDED);
        }
        readers.letAllGo();
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
        announcements.acceptBehind(turn.place());
        pump();
    }

    private boolean onLost(boolean suspected) {
        if (suspected && computing.isLostForGood(config.maxResubmissions())) {
            return breakOff(new Failure.Internal("the steps that compute this stream fail; see the node's log"));
        }
        computing.resubmit(0);
        if (promised) {
            announcements.accept(); // Readers take nothing of an epoch that was not announced.
        }
        return true;
    }

    /** Sends what is due, and runs the sequences just when the reader's window has room. */
    private void pump() {
        if (promised) {
            announcements.deliver(config.windowEvents());
        }
        if (turn.ended() && !computing.atRest()) {
            stopComputing(State.ENDED);
        }
        computing.keepPace(config.windowEvents());
        readers.watchPace(turn.windowFull(config.windowEvents()), config.stalledReaderTimeout());
    }

    private void stopComputing(State then) {
        computing.stop(then);
        if (then == State.ENDED) {
            record.close(turn.goodLog());
        }
        alarms.clear(Alarm.GRACE_IS_OVER);
        alarms.set(Alarm.RETENTION_IS_OVER, config.retention());
    }

    /** Shows the turn to the one who asked for it. */
    TurnView view() {
        return record.view(computing.atRest(), computing.is(State.ENDED), turn.goodLog());
    }

    String stream() {
        return request.stream();
    }

    /** What comes after it, should it have to give way. */
    Successor successor() {
        return new Successor(origin, turn, record, readers, config.maxLogEvents());
    }

    /** Returns what its session's next place is to keep of it. */
    Optional<SessionCommand.Keep> leftBehind() {
        return promised && !movedOn ? successor().elsewhere(config.windowEvents()) : Optional.empty();
    }
}
