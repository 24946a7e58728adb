package belle.session;

import belle.proto.session.SessionCommand;
import belle.proto.session.StreamEvent;
import belle.session.Alarms.Alarm;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * Who reads a turn: the one that came last, since it is mostly the same client, back through another gateway. Readers are
 * told apart by numbers that the session gives them, not by the clocks of their gateways.
 *
 * <p>A request that a stalled gateway handles late comes last, too, though its client has long gone elsewhere. Only that
 * gateway can find out, and does so at once: its reader leaves. So those that were displaced wait for a while, and the last
 * of them has the turn again when the newcomer leaves; when it stays they are told that the stream is read elsewhere.
 */
final class Readers {
    private record Reader(ActorRef<StreamEvent> ears, long asked, long number) {
        boolean is(long someAsked, long someNumber) {
            return someNumber > 0 ? someNumber == number : someAsked == asked;
        }
    }

    /**
     * What a reader has been told.
     *
     * @param accepted that it is accepted
     * @param epoch the last one
     * @param taken index of the last event that its client has
     */
    record Knows(boolean accepted, long epoch, long taken) {}

    /** One that waits. */
    private record Displaced(Reader reader, Knows knows) {
        Displaced taking(long index) {
            return new Displaced(reader, new Knows(knows.accepted(), knows.epoch(), Math.max(knows.taken(), index)));
        }
    }

    /** Most that wait; one more loses the stream at once. */
    private static final int MOST_WAITING = 8;

    private final String stream;
    private final Duration grace;
    private final Alarms alarms;
    private Optional<Reader> now = Optional.empty();
    /** The last one first. */
    private final Deque<Displaced> waiting = new ArrayDeque<>();

    private long number;
    /** What the one that reads knows of a turn whose place another one takes. */
    private Optional<Knows> ofLastTurn = Optional.empty();

    /** Something has come from the one that reads since it displaced another one. */
    private boolean heard;

    /** @param grace how long a displaced reader waits for the newcomer to leave, and a turn for a reader after a death */
    Readers(String stream, Duration grace, Alarms alarms) {
        this.stream = stream;
        this.grace = grace;
        this.alarms = alarms;
    }

    boolean any() {
        return now.isPresent();
    }

    boolean has(ActorRef<?> actor) {
        return now.filter(reader -> reader.ears().equals(actor)).isPresent();
    }

    /** Tells whether another reader waits for this one to leave. */
    boolean anyWaits() {
        return !waiting.isEmpty();
    }

    /** Returns the number of the one that reads, or of the last one. */
    long number() {
        return number;
    }

    /**
     * Tells whether one may have the turn who says that its number is {@code said}: the one that reads, one that comes anew,
     * one with a higher number. One that has lost it is told so, now or when that is decided.
     */
    boolean admit(ActorRef<StreamEvent> ears, long said) {
        boolean waits = waiting.stream().anyMatch(one -> one.reader().ears().equals(ears));
        boolean past = !has(ears) && said > 0 && (said < number || (said == number && any()));
        if (past && !waits) {
            ears.tell(new StreamEvent.Refused(stream, StreamEvent.READ_ELSEWHERE));
        }
        return !past && !waits;
    }

    /** Tells whether what is said with these numbers is said by the one that reads. */
    boolean speaks(long asked, long said) {
        boolean speaks = now.filter(reader -> reader.is(asked, said)).isPresent();
        heard |= speaks;
        return speaks;
    }

    /**
     * Gives the turn to one that is {@link #admit admitted}.
     *
     * @param before what the one knows that has had it so far
     */
    private void take(ActorRef<StreamEvent> ears, long asked, long said, Knows before) {
        alarms.clear(Alarm.READER_STALLED);
        alarms.clear(Alarm.GRACE_IS_OVER);
        Knows known = ofLastTurn.orElse(before);
        ofLastTurn = Optional.empty();
        if (has(ears)) {
            return;
        }
        now.ifPresent(old -> {
            waiting.addFirst(new Displaced(old, known));
            if (waiting.size() > MOST_WAITING) {
                tellEnd(waiting.removeLast());
            }
            alarms.set(Alarm.NEWCOMER_STAYS, grace);
            heard = false;
        });
        number = said > 0 ? Math.max(said, number) : number + 1;
        now = Optional.of(new Reader(ears, asked, number));
    }

    void take(SessionCommand.Generate request, Knows before) {
        take(request.replyTo(), request.asked(), request.reading(), before);
    }

    void take(SessionCommand.Resume request, Knows before) {
        take(request.replyTo(), request.asked(), request.reading(), before);
    }

    /** They are another turn's from now on. */
    void change(Knows ofThisTurn) {
        ofLastTurn = Optional.of(ofThisTurn);
        alarms.clear(Alarm.GRACE_IS_OVER);
    }

    /** Nobody reads it, or waits to. */
    void letAllGo() {
        waitNoMore();
        letGo();
    }

    /** Nobody reads it now. */
    void letGo() {
        now = Optional.empty();
        alarms.clear(Alarm.READER_STALLED);
        alarms.clear(Alarm.GRACE_IS_OVER);
    }

    /** The one that reads has died; for a while another one may come if that is worth waiting for. */
    void awaitAnother(boolean worthIt) {
        letGo();
        if (worthIt && !anyWaits()) {
            alarms.set(Alarm.GRACE_IS_OVER, grace);
        }
    }

    /** A reader is stalled while it has a full window and acknowledges nothing, also when the turn itself has ended. */
    void watchPace(boolean windowFull, Duration limit) {
        if (any() && windowFull) {
            alarms.set(Alarm.READER_STALLED, limit);
        } else {
            alarms.clear(Alarm.READER_STALLED);
        }
    }

    /** The client of one that waits may have taken an event. */
    void acknowledge(long index, long asked, long said) {
        List<Displaced> all = List.copyOf(waiting);
        waiting.clear();
        for (Displaced one : all) {
            waiting.addLast(one.reader().is(asked, said) ? one.taking(index) : one);
        }
    }

    /** One that waits may leave, too. */
    void leave(long asked, long said) {
        waiting.removeIf(one -> one.reader().is(asked, said));
    }

    /** An actor has ended that may be one that waits. */
    void died(ActorRef<?> actor) {
        waiting.removeIf(one -> one.reader().ears().equals(actor));
    }

    /** Gives the turn back to the one that was displaced last; returns the index of the last event that its client has. */
    Optional<Long> giveBack() {
        Optional<Displaced> last = Optional.ofNullable(waiting.pollFirst());
        last.map(Displaced::reader).ifPresent(reader -> {
            now = Optional.of(reader);
            number = reader.number();
        });
        alarms.clear(Alarm.READER_STALLED);
        if (waiting.isEmpty()) {
            alarms.clear(Alarm.NEWCOMER_STAYS);
        }
        return last.map(Displaced::knows).map(Knows::taken);
    }

    /** The one that reads has not left. That it is there at all is known when its client has taken an event. */
    void stays() {
        if (heard) {
            waitNoMore();
        } else {
            alarms.set(Alarm.NEWCOMER_STAYS, grace);
        }
    }

    /** Those that wait have lost the stream for good. */
    void waitNoMore() {
        waiting.forEach(this::tellEnd);
        waiting.clear();
        alarms.clear(Alarm.NEWCOMER_STAYS);
    }

    private void tellEnd(Displaced one) {
        Knows knows = one.knows();
        StreamEvent end = knows.accepted()
                ? new StreamEvent.Failed(stream, knows.epoch(), knows.taken() + 1, StreamEvent.READ_ELSEWHERE)
                : new StreamEvent.Refused(stream, StreamEvent.READ_ELSEWHERE);
        one.reader().ears().tell(end);
    }

    void tell(StreamEvent event) {
        now.ifPresent(reader -> reader.ears().tell(event));
    }
}
