package belle.engine;

import belle.proto.Check;
import java.util.Arrays;

/**
 * Finds the block that continues a known prefix with given tokens.
 *
 * <p>Full blocks form a forest: a block's key is its parent's block and its own tokens, which are kept and compared, so a
 * hash collision costs time and never a wrong answer. A block leaves before its parent does; so a parent's number names
 * one prefix for as long as any child refers to it.
 */
final class PrefixCache {
    /** Stands for no block, and for the parent of a prompt's first block. */
    static final int NONE = -1;

    private final int blockTokens;
    private final int[] tokens; // [blocks][blockTokens]
    private final int[] parents;
    private final int[] children;
    private final int[] bucketOf; // NONE: the block is not in the forest
    private final int[] nextInBucket;
    private final int[] firstInBucket;
    private int size;

    PrefixCache(int blocks, int blockTokens) {
        this.blockTokens = blockTokens;
        tokens = new int[Math.multiplyExact(blocks, blockTokens)];
        parents = new int[blocks];
        children = new int[blocks];
        bucketOf = filled(blocks);
        nextInBucket = filled(blocks);
        firstInBucket = filled(Integer.highestOneBit(Math.max(1, blocks)) * 2);
    }

    int size() {
        return size;
    }

    boolean contains(int block) {
        return bucketOf[block] != NONE;
    }

    int parent(int block) {
        return parents[block];
    }

    /** Number of blocks that continue {@code block}. */
    int children(int block) {
        return children[block];
    }

    /**
     * Returns the block behind {@code parent} that holds {@code history}'s positions {@code [from, from + blockTokens)},
     * or {@link #NONE}.
     */
    int find(int parent, History history, int from) {
        int block = firstInBucket[bucket(parent, history, from)];
        while (block != NONE
                && !(parents[block] == parent && history.matches(from, blockTokens, tokens, block * blockTokens))) {
            block = nextInBucket[block];
        }
        return block;
    }

    /** Makes {@code block} findable; nothing equal may be there. */
    void insert(int block, int parent, History history, int from) {
        Check.that(!contains(block), "block %s is in the prefix cache already", block);
        Check.that(parent == NONE || contains(parent), "block %s continues %s, which is unknown", block, parent);
        history.copyTo(from, blockTokens, tokens, block * blockTokens);
        int bucket = bucket(parent, history, from);
        parents[block] = parent;
        bucketOf[block] = bucket;
        nextInBucket[block] = firstInBucket[bucket];
        firstInBucket[bucket] = block;
        if (parent != NONE) {
            children[parent]++;
        }
        size++;
    }

    /** Forgets a block that no other block continues. */
    void remove(int block) {
        Check.that(contains(block) && children[block] == 0, "block %s cannot leave the prefix cache", block);
        int bucket = bucketOf[block];
        if (firstInBucket[bucket] == block) {
            firstInBucket[bucket] = nextInBucket[block];
        } else {
            int before = firstInBucket[bucket];
            while (nextInBucket[before] != block) {
                before = nextInBucket[before];
            }
            nextInBucket[before] = nextInBucket[block];
        }
        bucketOf[block] = NONE;
        if (parents[block] != NONE) {
            children[parents[block]]--;
        }
        size--;
    }

    private int bucket(int parent, History history, int from) {
        return history.hash(parent, from, blockTokens) & (firstInBucket.length - 1);
    }

    private static int[] filled(int length) {
        int[] array = new int[length];
        Arrays.fill(array, NONE);
        return array;
    }
}
