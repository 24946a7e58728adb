package belle.client;

/**
 * How much may be asked of a server in all. Threads may share it. Requests are counted when they go out, tokens when an
 * answer tells them: answers that are on their way when the tokens are spent still come, and are counted here, also where the
 * caller has no use for them any more.
 */
public final class Budget {
    private final long maxRequests;
    private final long maxTokens;
    private long requests;
    private long tokens;

    /** A limit of {@link Long#MAX_VALUE} is none. What was spent before counts. */
    public Budget(long maxRequests, long maxTokens, long requestsBefore, long tokensBefore) {
        this.maxRequests = maxRequests;
        this.maxTokens = maxTokens;
        requests = requestsBefore;
        tokens = tokensBefore;
    }

    /** A budget without limits. */
    public static Budget unlimited() {
        return new Budget(Long.MAX_VALUE, Long.MAX_VALUE, 0, 0);
    }

    /** Takes one request, or returns false: nothing more may be asked. */
    synchronized boolean takeRequest() {
        if (isSpent()) {
            return false;
        }
        requests++;
        return true;
    }

    synchronized void spend(long answerTokens) {
        tokens += answerTokens;
    }

    public synchronized boolean isSpent() {
        return requests >= maxRequests || tokens >= maxTokens;
    }

    public synchronized long requests() {
        return requests;
    }

    public synchronized long tokens() {
        return tokens;
    }
}
