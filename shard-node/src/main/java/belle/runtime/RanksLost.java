package belle.runtime;

/**
 * A step that failed for all ranks, and with it everything in their caches: what is computed on them begins again with an empty
 * cache. The next step finds them at work again, if they can be.
 */
public final class RanksLost extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final boolean begun;

    /** They failed in the step. */
    public RanksLost(Throwable cause) {
        this(cause, true);
    }

    /** The same; they were not {@code begun} where they could not be started for the step. */
    public RanksLost(Throwable cause, boolean begun) {
        super("a rank failed: " + cause.getMessage(), cause);
        this.begun = begun;
    }

    /** Tells whether the step was begun, so that what it computed may be the reason. */
    public boolean begun() {
        return begun;
    }
}
