package belle.runtime;

import belle.proto.Failure;
import belle.proto.FailureException;

/**
 * A step that failed for all ranks, and with it everything in their caches: what is computed on them begins again with an empty
 * cache. The next step finds them at work again, if they can be.
 */
public final class RanksLost extends FailureException {
    private static final long serialVersionUID = 1;

    public RanksLost(Throwable cause) {
        super(new Failure.Unavailable("a rank failed: " + cause.getMessage()), cause);
    }
}
