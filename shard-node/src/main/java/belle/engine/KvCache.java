package belle.engine;

/**
 * Bookkeeping of a pool of key/value blocks: which are free, leased to sequences, or cached for a later prompt.
 *
 * <p>Holds no key or value itself. Lent to one {@link Engine} at a time; not thread-safe.
 */
@SuppressWarnings("DoNotCallSuggester")
public final class KvCache {
    /**
     * Makes the books of an empty pool.
     *
     * @param blocks in the pool, at least 1
     * @param blockTokens tokens of one block, a power of two
     */
    public KvCache(int blocks, int blockTokens) {
        this.blocks = blocks;
        this.blockTokens = blockTokens;
    }

    private final int blocks;
    private final int blockTokens;

    /** Number of blocks in the pool. */
    public int blocks() {
        return blocks;
    }

    /** Tokens of one block. */
    public int blockTokens() {
        return blockTokens;
    }

    /** Blocks that hold nothing. */
    public int freeBlocks() {
        throw new UnsupportedOperationException();
    }

    /** Blocks that sequences hold. */
    public int leasedBlocks() {
        throw new UnsupportedOperationException();
    }

    /** Blocks that nobody holds and a later prompt may find. */
    public int cachedBlocks() {
        throw new UnsupportedOperationException();
    }

    /**
     * Takes all leases back from an engine that is gone; call it when no step can be writing any more.
     *
     * <p>Full blocks stay cached, half-written ones become free. The engine that held the leases fails its next call.
     */
    public void reclaim() {
        throw new UnsupportedOperationException();
    }

    /** Checks every block's state against the counts, O(blocks). Throws {@link IllegalStateException} when they differ. */
    public void checkIntegrity() {
        throw new UnsupportedOperationException();
    }
}
