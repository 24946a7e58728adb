package belle.faults.history;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;

/** One line of a {@link History}. Times are microseconds since it began. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "entry")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Entry.Expected.class, name = "expected"),
    @JsonSubTypes.Type(value = Entry.Wrong.class, name = "wrong"),
    @JsonSubTypes.Type(value = Entry.Sent.class, name = "sent"),
    @JsonSubTypes.Type(value = Entry.Begun.class, name = "begun"),
    @JsonSubTypes.Type(value = Entry.Heard.class, name = "heard"),
    @JsonSubTypes.Type(value = Entry.Answered.class, name = "answered"),
    @JsonSubTypes.Type(value = Entry.Refused.class, name = "refused"),
    @JsonSubTypes.Type(value = Entry.CutOff.class, name = "cut-off"),
    @JsonSubTypes.Type(value = Entry.Left.class, name = "left"),
    @JsonSubTypes.Type(value = Entry.Fault.class, name = "fault"),
    @JsonSubTypes.Type(value = Entry.Counted.class, name = "counted")
})
public sealed interface Entry {
    long atMicros();

    /** An entry about one request. Requests have names that are used once; each is asked in attempts, from 0. */
    sealed interface OfRequest extends Entry {
        String request();
    }

    /** An entry about one attempt. */
    sealed interface OfAttempt extends OfRequest {
        int attempt();
    }

    /** What the request says where nothing is disturbed. Stands before its first attempt. */
    record Expected(long atMicros, String request, Answer answer) implements OfRequest {}

    /** The request is wrong and must be refused with {@code status}. Stands before its first attempt. */
    record Wrong(long atMicros, String request, int status) implements OfRequest {}

    /**
     * A client asks.
     *
     * @param kind how it wants the answer, and whether it can ask again
     * @param gateway which process it asks
     * @param after index of the last event that it has; -1 for none
     */
    record Sent(long atMicros, String request, int attempt, Kind kind, String gateway, long after)
            implements OfAttempt {}

    /** The answer has begun with status 200; {@code stream} is "" for a whole answer. */
    record Begun(long atMicros, String request, int attempt, String stream) implements OfAttempt {}

    /**
     * An event came.
     *
     * @param index as in the event's id
     * @param epoch in which it was computed, or -1 where the client cannot know
     */
    record Heard(long atMicros, String request, int attempt, long index, long epoch, Piece piece)
            implements OfAttempt {}

    /** A whole answer came; {@code id} is the one in its body. */
    record Answered(long atMicros, String request, int attempt, String id, Answer answer) implements OfAttempt {}

    /** The server refused; {@code message} is "" where the body was not an error object. */
    record Refused(long atMicros, String request, int attempt, int status, String message) implements OfAttempt {}

    /** The connection broke, or could not be made. */
    record CutOff(long atMicros, String request, int attempt, String why) implements OfAttempt {}

    /** The client went away because it wanted to. */
    record Left(long atMicros, String request, int attempt) implements OfAttempt {}

    /**
     * A fault begins or is over; {@code target} is a process's name, or two with a dash for the way between them, or {@link
     * #EVERYBODY}, or what is no process.
     */
    record Fault(long atMicros, String kind, String target, boolean begins) implements Entry {
        public static final String EVERYBODY = "all";

        /** Tells whether it is done to {@code process}, or to a way that begins or ends there. */
        public boolean hits(String process) {
            return target.equals(EVERYBODY) || List.of(target.split("-", -1)).contains(process);
        }
    }

    /** What a process counts after all is over: blocks of the cache in use, streams, and so on. */
    record Counted(long atMicros, String process, String what, long value) implements Entry {}

    /** How a client wants its answer. */
    enum Kind {
        /** As events; the client comes back with the id of the last one. */
        STREAM,
        /** At once, with a key under which the client asks again. */
        KEYED,
        /** At once; a client that is cut off has lost it. */
        WHOLE
    }
}
