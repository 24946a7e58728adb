package belle.engine;

import belle.proto.Check;
import java.util.Arrays;

/**
 * Which blocks are free, and how many holders each of the others has.
 *
 * <p>A block without a holder need not be free: {@link PrefixCache} may still know what it holds. All methods are O(1).
 */
final class BlockAllocator {
    private final int[] free;
    private final int[] holders;
    private int freeCount;
    private int leasedCount;
    private long references;

    /** Makes an allocator whose {@code blocks} are all free; low numbers are given out first. */
    BlockAllocator(int blocks) {
        free = new int[blocks];
        holders = new int[blocks];
        Arrays.setAll(free, i -> blocks - 1 - i);
        freeCount = blocks;
    }

    int freeCount() {
        return freeCount;
    }

    /** Number of blocks with at least one holder. */
    int leasedCount() {
        return leasedCount;
    }

    /** Sum of all blocks' holders. */
    long references() {
        return references;
    }

    int holders(int block) {
        return holders[block];
    }

    /** Takes a block from the free ones; it has no holder yet. */
    int take() {
        Check.that(freeCount > 0, "no block is free");
        return free[--freeCount];
    }

    /** Gives a block without holders back to the free ones. */
    void free(int block) {
        Check.that(holders[block] == 0, "block %s has holders and cannot be free", block);
        free[freeCount++] = block;
    }

    /** Adds a holder. */
    void retain(int block) {
        if (holders[block]++ == 0) {
            leasedCount++;
        }
        references++;
    }

    /** Drops a holder. Returns whether it was the last. */
    boolean release(int block) {
        Check.that(holders[block] > 0, "block %s has no holder to drop", block);
        references--;
        if (--holders[block] > 0) {
            return false;
        }
        leasedCount--;
        return true;
    }

    /** Marks every free block in {@code seen}; fails when one is free twice. O(free). */
    void markFree(boolean[] seen) {
        for (int i = 0; i < freeCount; i++) {
            Check.that(!seen[free[i]], "block %s is free twice", free[i]);
            seen[free[i]] = true;
        }
    }
}
