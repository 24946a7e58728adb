package belle.session;

import belle.proto.trace.TraceSpan;

/**
 * The trace of a turn as its replica computes it: how long until it was taken, until its first token came, and then each
 * step that gave it something. What is computed again, for a reader that came back, is a span of its own.
 */
final class TurnTrace {
    private enum Phase {
        ADMISSION("admission"),
        /** Waiting for a place, and the prompt. */
        FIRST_TOKEN("first token"),
        DECODE("decode");

        private final String spanName;

        Phase(String spanName) {
            this.spanName = spanName;
        }
    }

    private final String traceparent;
    private final String stream;
    private final String model;
    private TraceSpan turn = TraceSpan.NONE;
    private TraceSpan part = TraceSpan.NONE;
    private Phase phase = Phase.ADMISSION;

    /** @param traceparent of the request; "" when it is not traced */
    TurnTrace(String traceparent, String stream, String model) {
        this.traceparent = traceparent;
        this.stream = stream;
        this.model = model;
    }

    /** The replica is told to compute it, in this epoch. */
    void submitted(long epoch) {
        over("computed again");
        turn = TraceSpan.ofWork("turn", traceparent)
                .tag("stream", stream)
                .tag("model", model)
                .tag("epoch", epoch);
        enter(Phase.ADMISSION);
    }

    /** The replica has taken it. */
    void admitted() {
        enter(Phase.FIRST_TOKEN);
    }

    /** A step has given it something. */
    void stepped() {
        if (phase == Phase.DECODE) {
            part.mark("step");
        } else {
            enter(Phase.DECODE);
        }
    }

    /** Nothing is computed for it any more. */
    void over(String how) {
        part.end();
        turn.tag("end", how).end();
        turn = TraceSpan.NONE;
        part = TraceSpan.NONE;
    }

    private void enter(Phase next) {
        part.end();
        phase = next;
        part = turn.child(next.spanName);
    }
}
