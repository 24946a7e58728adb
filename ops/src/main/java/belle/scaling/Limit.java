package belle.scaling;

import java.util.Locale;

/** What a step's time goes to. */
public enum Limit {
    /** Memory's speed, for weights and keys and values. */
    BANDWIDTH,
    /** Arithmetic. */
    OPERATIONS,
    /** The sums of ranks. */
    COLLECTIVE,
    /** What is done once a step or once a layer, however little there is to compute. */
    OVERHEAD;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
