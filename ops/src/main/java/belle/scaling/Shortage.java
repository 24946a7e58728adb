package belle.scaling;

import java.util.Locale;

/** What sequences wait for that are not in a step. */
public enum Shortage {
    /** For their turn: other sequences take all that steps may compute. */
    QUEUE,
    /** For room in the cache. */
    CACHE;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
