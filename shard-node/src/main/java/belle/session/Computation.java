package belle.session;

import belle.engine.GenerationRequest;
import belle.replica.BatchActor;
import java.util.Locale;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;

/** A turn as its replica knows it: what the replica was told last, and what it is told next. */
final class Computation {
    /** How far a turn's computation is. */
    enum State {
        /** Sent to the replica, whose answer is due; nothing was promised to the reader yet. */
        SUBMITTED,
        RUNNING,
        /** The reader's window is full. */
        PAUSED,
        /** Cancelled: no blocks are held; a reader that comes back starts it again. */
        SUSPENDED,
        ENDED
    }

    /** After so many losses without an output in between, a turn is computed apart from others. */
    private static final int SUSPICIOUS_LOSSES = 2;

    private Replicas.Lease lease;
    private final ActorRef<BatchActor.Event> events;
    private final GenerationRequest request;
    private final Turn turn;
    private final TurnTrace trace;
    private State state;
    private int losses;

    /**
     * @param lease the turn's place, which this ends with the turn
     * @param events hears what the replica says of the turn
     * @param origin whose request says what trace it is part of
     */
    Computation(
            Replicas.Lease lease,
            GenerationRequest request,
            Turn turn,
            ActorRef<BatchActor.Event> events,
            Origin origin) {
        this.trace = new TurnTrace(
                origin.request().trace(), request.stream(), origin.request().model());
        this.lease = lease;
        this.events = events;
        this.request = request;
        this.turn = turn;
        this.state = turn.ended() ? State.ENDED : State.SUBMITTED;
        if (turn.ended()) {
            lease.end();
        }
    }

    boolean is(State asked) {
        return state == asked;
    }

    /** Tells whether nothing is computed now. */
    boolean atRest() {
        return state == State.SUSPENDED || state == State.ENDED;
    }

    ActorRef<BatchActor.Command> replica() {
        return lease.replica();
    }

    /** Finds a place on another replica; tells whether there is one. */
    boolean moveElsewhere() {
        Optional<Replicas.Lease> other = lease.elsewhere();
        lease = other.orElse(lease);
        return other.isPresent();
    }

    /** The turn is forgotten. */
    void release() {
        lease.end();
    }

    void submit() {
        trace.submitted(turn.epoch());
        replica()
                .tell(new BatchActor.Submit(
                        request.behind(turn.given()), turn.epoch(), losses >= SUSPICIOUS_LOSSES, events));
    }

    /** The replica has taken the turn; returns whether that is news. */
    boolean admit() {
        boolean news = state == State.SUBMITTED;
        trace.admitted();
        state = news ? State.RUNNING : state;
        return news;
    }

    /** Counts a loss; tells whether it was one more than {@code most} without an output in between: a fault that comes back. */
    boolean isLostForGood(int most) {
        return losses++ == most;
    }

    /** A step has given the turn something. */
    void take(BatchActor.Produced produced) {
        losses = 0;
        trace.stepped();
        produced.outputs().forEach(output -> turn.apply(produced.epoch(), output));
    }

    /** Computes on behind what the turn has, in its next epoch or a later one. */
    void resubmit(long atLeast) {
        turn.restart(atLeast);
        submit();
        if (state == State.PAUSED) {
            replica().tell(new BatchActor.Pause(request.stream(), turn.epoch()));
        }
    }

    /** The same for a reader that has come, whatever was before. */
    void startAgain(long atLeast) {
        state = State.RUNNING;
        resubmit(atLeast);
    }

    /** Runs the sequences just when the reader's window has room. */
    void keepPace(int windowEvents) {
        if (state == State.RUNNING && turn.windowFull(windowEvents)) {
            state = State.PAUSED;
            replica().tell(new BatchActor.Pause(request.stream(), turn.epoch()));
        } else if (state == State.PAUSED && !turn.windowFull(Math.ceilDiv(windowEvents, 2))) {
            state = State.RUNNING;
            replica().tell(new BatchActor.Resume(request.stream(), turn.epoch()));
        }
    }

    void stop(State then) {
        tellToCancel();
        trace.over(then.name().toLowerCase(Locale.ROOT));
        state = then;
        if (then == State.ENDED) {
            release();
        }
    }

    void cancelUnlessAtRest() {
        if (!atRest()) {
            cancel();
        }
    }

    /** Frees the blocks. Unknown to the replica when it has ended the stream itself, which it takes for done. */
    void cancel() {
        trace.over("left");
        tellToCancel();
    }

    private void tellToCancel() {
        replica().tell(new BatchActor.Cancel(request.stream(), turn.epoch()));
    }
}
