package belle.faults.check;

import belle.faults.history.History;
import java.util.List;

/** Holds a history against all promises. */
public final class Checker {
    private Checker() {}

    /** Returns what is wrong with a history, at most one violation of a property for each request. */
    public static List<Violation> check(History history) {
        return List.of();
    }
}
