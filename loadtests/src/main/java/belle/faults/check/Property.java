package belle.faults.check;

import java.util.Locale;

/** What is promised to a client, whatever happens to processes and networks. */
public enum Property {
    IN_ORDER_ONCE("every event comes once, in the order of its index, over all attempts to read a stream"),
    SAME_BITS("every character and log-probability is the one that an undisturbed run gives at its place"),
    WHOLE("a stream that ends has told every choice to its end"),
    FINISH_ONCE("a choice ends once, for the reason it has in an undisturbed run, and says nothing behind it"),
    USAGE_EXACT("usage is told once and counts what an undisturbed run counts"),
    UTF8_WHOLE("no event ends within a character"),
    ENDS_ONCE("a stream ends once, and nothing follows its end"),
    KEPT_ONCE_ACCEPTED("a request that was accepted is neither refused nor broken off"),
    ALL_ANSWERED("every request comes to an end"),
    ONE_ANSWER_A_KEY("a request that is asked again under its key has one answer"),
    FENCED("no event of an epoch comes behind one of a later epoch"),
    WRONG_IS_REFUSED("a wrong request is refused with its status, and one error that says why"),
    CLEAR_REFUSALS("a right request is refused only for lack of room or of nodes, with one error that says so"),
    NOTHING_LEFT("when all clients are gone no process holds blocks or streams");

    private final String promise;

    Property(String promise) {
        this.promise = promise;
    }

    /** Returns its name in reports: {@code in-order-once}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Returns the promise as a sentence. */
    public String promise() {
        return promise;
    }
}
