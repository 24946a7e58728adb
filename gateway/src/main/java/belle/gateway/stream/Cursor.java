package belle.gateway.stream;

import belle.proto.session.StreamEvent;

/** A reader's place in a stream: decides what each event that comes in is. Events of older epochs are fenced off. */
final class Cursor {
    /** What to do with an event. */
    enum Verdict {
        /** The next one: hand it on. */
        NEXT,
        /** Already handed on, or from an epoch that is over: drop it. */
        OLD,
        /** Events before it are missing: ask for them again. */
        GAP,
        /** From an epoch that no session has announced: drop it. */
        FORGED
    }

    private long last;
    private long epoch = Long.MIN_VALUE;

    /** @param last index of the last event handed on; -1 before the first */
    Cursor(long last) {
        this.last = last;
    }

    long last() {
        return last;
    }

    /** Judges an event, and moves behind it if it is the next. */
    Verdict judge(StreamEvent.Indexed event) {
        if (event.epoch() > epoch) {
            return Verdict.FORGED;
        }
        if (event.epoch() < epoch || event.index() <= last) {
            return Verdict.OLD;
        }
        if (event.index() > last + 1) {
            return Verdict.GAP;
        }
        last = event.index();
        return Verdict.NEXT;
    }

    /** The highest epoch heard of; 0 before the first. */
    long epoch() {
        return Math.max(0, epoch);
    }

    /** Learns that an epoch has begun: events of earlier ones no longer count. */
    void begin(long newEpoch) {
        epoch = Math.max(epoch, newEpoch);
    }
}
