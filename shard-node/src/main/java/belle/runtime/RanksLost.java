package belle.runtime;

/**
 * A step that failed for all ranks, and with it everything in their caches: what is computed on them begins again with an empty
 * cache. The next step finds them at work again, if they can be.
 */
public final class RanksLost extends RuntimeException {
    private static final long serialVersionUID = 1;

    public RanksLost(Throwable cause) {
        super("a rank failed: " + cause.getMessage(), cause);
    }
}
