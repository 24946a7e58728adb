package belle.runtime;

/** The memory of a replica's key/value cache, whoever computes on it. Closed by its owner, after the rank that uses it. */
public interface CachePool extends AutoCloseable {
    /** How many blocks there are, how many tokens each holds, and of which type. */
    KvLayout layout();

    /** Most tokens of one sequence, were it alone. */
    int sequenceTokens();

    @Override
    void close();
}
