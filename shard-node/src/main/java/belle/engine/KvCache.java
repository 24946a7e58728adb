package belle.engine;

import static belle.engine.PrefixCache.NONE;

import belle.proto.Check;

/**
 * Bookkeeping of a pool of key/value blocks: each is free, leased to sequences, or cached for a later prompt.
 *
 * <p>Holds no key or value itself. Lent to one {@link Engine} at a time; not thread-safe.
 *
 * <ul>
 *   <li>A block that is being written has one holder and is not in the prefix cache.
 *   <li>A full block is shared: two sequences with the same prefix hold the same block, since a token's keys and values
 *       depend on its own history alone, bit for bit. Of one that has only its beginning in common with a prompt, and of one that
 *       its sequence left half full, a copy is what the prompt goes on in.
 *   <li>Whoever holds a block holds all blocks before it. So a cached block's parents are cached or leased, and the block
 *       that was left first is taken back first, the end of a prefix before its beginning.
 * </ul>
 */
public final class KvCache {
    private final int blocks;
    private final int blockTokens;
    private final BlockAllocator allocator;
    private final PrefixCache prefixes;
    private final IdleBlocks idle;
    private long loans;

    /**
     * Makes the books of an empty pool.
     *
     * @param blocks in the pool, at least 1
     * @param blockTokens tokens of one block, at least 1
     */
    public KvCache(int blocks, int blockTokens) {
        Check.that(blocks > 0 && blockTokens > 0, "a pool of %s blocks of %s tokens", blocks, blockTokens);
        this.blocks = blocks;
        this.blockTokens = blockTokens;
        allocator = new BlockAllocator(blocks);
        prefixes = new PrefixCache(blocks, blockTokens);
        idle = new IdleBlocks(blocks);
    }

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
        return allocator.freeCount();
    }

    /** Blocks that sequences hold. */
    public int leasedBlocks() {
        return allocator.leasedCount();
    }

    /** Blocks that nobody holds and a later prompt may find. */
    public int cachedBlocks() {
        return idle.size();
    }

    /**
     * Takes all leases back from an engine that is gone; call it when no step can be writing any more.
     *
     * <p>Full blocks stay cached, half-written ones become free. The engine that held the leases fails its next call.
     */
    public void reclaim() {
        loans++;
        for (int block = 0; block < blocks; block++) {
            while (allocator.holders(block) > 0) {
                drop(block);
            }
        }
        checkIntegrity();
    }

    /** Checks every block's state, O(blocks). Throws {@link IllegalStateException} when the books are wrong. */
    public void checkIntegrity() {
        checkCounts();
        boolean[] seen = new boolean[blocks];
        allocator.markFree(seen);
        int leased = 0;
        for (int block = 0; block < blocks; block++) {
            boolean held = allocator.holders(block) > 0;
            boolean known = prefixes.contains(block);
            leased += held ? 1 : 0;
            Check.that(
                    idle.contains(block) == (known && !held), "block %s idle, known %s, held %s", block, known, held);
            Check.that(seen[block] == (!known && !held), "block %s free, known %s, held %s", block, known, held);
            if (known && prefixes.parent(block) != NONE) {
                int parent = prefixes.parent(block);
                Check.that(prefixes.contains(parent), "block %s lost its parent %s", block, parent);
                Check.that(!held || allocator.holders(parent) > 0, "block %s is held without its parent", block);
            }
        }
        Check.that(leased == leasedBlocks(), "%s blocks are leased, counted %s", leased, leasedBlocks());
    }

    /** Checks that free, leased and cached blocks are all blocks; O(1). */
    void checkCounts() {
        int sum = freeBlocks() + leasedBlocks() + cachedBlocks();
        Check.that(sum == blocks, "free, leased and cached blocks are %s of %s", sum, blocks);
    }

    /** Rises with each {@link #reclaim()}, so that a former borrower can be told from the present one. */
    long loans() {
        return loans;
    }

    /** Sum of all leases: a block held by two sequences counts twice. */
    long references() {
        return allocator.references();
    }

    /** Blocks that {@link #lease} can give. */
    int availableBlocks() {
        return freeBlocks() + cachedBlocks();
    }

    /** Blocks that hold {@code tokens} tokens. */
    int blocksFor(int tokens) {
        return Math.ceilDiv(tokens, blockTokens);
    }

    /** Adds {@code count} writable blocks to a table, evicting cached ones when none is free; all or nothing. */
    boolean lease(BlockTable table, int count) {
        if (availableBlocks() < count) {
            return false;
        }
        for (int i = 0; i < count; i++) {
            if (freeBlocks() == 0) {
                evict();
            }
            int block = allocator.take();
            allocator.retain(block);
            table.add(block);
        }
        return true;
    }

    /**
     * Puts cached blocks in place of those that a sequence would have to compute.
     *
     * @param computed tokens that the table's blocks hold already, a multiple of {@link #blockTokens()}
     * @param limit positions from here on must be computed
     * @return tokens that the table's blocks hold now
     */
    int reuse(BlockTable table, History history, int computed, int limit) {
        int reached = computed;
        while (reached + blockTokens <= limit) {
            int index = reached / blockTokens;
            int found = prefixes.find(parent(table, index), history, reached);
            if (found == NONE) {
                break;
            }
            place(found, table, index);
            reached += blockTokens;
        }
        return reached;
    }

    /** Makes the blocks findable that became full when {@code computed} rose from {@code before}. */
    void publish(BlockTable table, History history, int before, int computed) {
        for (int index = before / blockTokens; (index + 1) * blockTokens <= computed; index++) {
            int parent = parent(table, index);
            int found = prefixes.find(parent, history, index * blockTokens);
            if (found == NONE) {
                prefixes.insert(table.get(index), parent, history, index * blockTokens, blockTokens);
            } else {
                place(found, table, index); // another sequence was first with the same tokens: share its block
            }
        }
    }

    /**
     * A known block that begins with the tokens that a sequence is to compute next.
     *
     * @param block or {@code NONE}
     * @param tokens how many; less than a block, or {@link #reuse} had taken it as it is
     */
    record Beginning(int block, int tokens) {
        private static final Beginning NOTHING = new Beginning(NONE, 0);
    }

    /**
     * Returns the best block to copy before the rest of the block behind {@code computed} is computed; its contents stay as they
     * are until the next step has begun.
     *
     * @param computed tokens that the table's blocks hold already; only where a block ends can anything be found
     * @param limit positions from here on must be computed
     */
    Beginning beginning(BlockTable table, History history, int computed, int limit) {
        int count = Math.min(blockTokens, limit - computed);
        if (computed % blockTokens != 0 || count <= 0) {
            return Beginning.NOTHING;
        }
        int found = prefixes.mostAlike(parent(table, computed / blockTokens), history, computed, count);
        return found == NONE
                ? Beginning.NOTHING
                : new Beginning(found, prefixes.common(found, history, computed, count));
    }

    /**
     * Gives all blocks of a table back, the last one first, so that it is also evicted first. The block that the first
     * {@code computed} tokens fill in part stays findable, unless another one holds the same.
     */
    void release(BlockTable table, History history, int computed) {
        int index = computed / blockTokens;
        int from = index * blockTokens;
        int filled = computed - from;
        if (beginning(table, history, from, computed).tokens() < filled) {
            prefixes.insert(table.get(index), parent(table, index), history, from, filled);
        }
        release(table);
    }

    /** Gives all blocks of a table back; of a block that is not full nothing is known. */
    void release(BlockTable table) {
        while (table.size() > 0) {
            drop(table.removeLast());
        }
    }

    /** Checks that positions {@code [from, to)} of a table may be written: by one holder, unseen by others. */
    void checkWritable(BlockTable table, int from, int to) {
        for (int index = from / blockTokens; index * blockTokens < to; index++) {
            int block = table.get(index);
            Check.that(
                    allocator.holders(block) == 1 && !prefixes.contains(block),
                    "block %s is shared and must not be written",
                    block);
        }
    }

    private static int parent(BlockTable table, int index) {
        return index == 0 ? NONE : table.get(index - 1);
    }

    /** Holds a known block and lets the table's own one go, if it has one there. */
    private void place(int block, BlockTable table, int index) {
        if (idle.contains(block)) {
            idle.remove(block);
        }
        allocator.retain(block);
        if (index < table.size()) {
            drop(table.get(index));
            table.set(index, block);
        } else {
            table.add(block);
        }
    }

    private void drop(int block) {
        if (allocator.release(block)) {
            if (prefixes.contains(block)) {
                idle.add(block);
            } else {
                allocator.free(block);
            }
        }
    }

    /** Frees the block that was left first among those that no other block continues. */
    private void evict() {
        int block = idle.oldest();
        while (block != idle.end() && prefixes.isContinued(block)) {
            block = idle.after(block);
        }
        Check.that(block != idle.end(), "every cached block is continued by another one");
        idle.remove(block);
        prefixes.remove(block);
        allocator.free(block);
    }
}
