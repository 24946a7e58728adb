package belle.engine;

import belle.proto.Check;
import java.util.Arrays;

/**
 * Finds the block that continues a known prefix with given tokens.
 *
 * <p>Known blocks form a forest: a block's key is its parent's block and its own tokens, which are kept and compared, so a
 * hash collision costs time and never a wrong answer. A block leaves before its parent does; so a parent's number names
 * one prefix for as long as any child refers to it. A block that is not full has no children, and is found by what it has in
 * common with the tokens in question.
 */
final class PrefixCache {
    /** Stands for no block, and for the parent of a prompt's first block. */
    static final int NONE = -1;

    private final int blockTokens;
    private final int[] tokens; // [blocks][blockTokens]
    private final int[] lengths; // 0: the block is not in the forest
    private final int[] parents;
    private final int[] firstChild; // [parent + 1]
    private final int[] nextChild;
    private final int[] previousChild;
    private final int[] bucketOf; // this and the next two: full blocks alone
    private final int[] nextInBucket;
    private final int[] firstInBucket;
    private int size;

    PrefixCache(int blocks, int blockTokens) {
        this.blockTokens = blockTokens;
        tokens = new int[Math.multiplyExact(blocks, blockTokens)];
        lengths = new int[blocks];
        parents = new int[blocks];
        firstChild = filled(blocks + 1);
        nextChild = filled(blocks);
        previousChild = filled(blocks);
        bucketOf = filled(blocks);
        nextInBucket = filled(blocks);
        firstInBucket = filled(Integer.highestOneBit(Math.max(1, blocks)) * 2);
    }

    int size() {
        return size;
    }

    boolean contains(int block) {
        return lengths[block] > 0;
    }

    int parent(int block) {
        return parents[block];
    }

    /** Tells whether any block continues {@code block}. */
    boolean isContinued(int block) {
        return firstChild[block + 1] != NONE;
    }

    /**
     * Returns the full block behind {@code parent} that holds {@code history}'s positions {@code [from, from +
     * blockTokens)}, or {@link #NONE}.
     */
    int find(int parent, History history, int from) {
        int block = firstInBucket[bucket(parent, history, from)];
        while (block != NONE
                && !(parents[block] == parent && common(block, history, from, blockTokens) == blockTokens)) {
            block = nextInBucket[block];
        }
        return block;
    }

    /**
     * Returns the block behind {@code parent}, full or not, that begins with the most of {@code history}'s positions {@code
     * [from, from + count)}, or {@link #NONE} when none has the first. O(blocks behind {@code parent}).
     */
    int mostAlike(int parent, History history, int from, int count) {
        int best = NONE;
        int most = 0;
        for (int block = firstChild[parent + 1]; block != NONE && most < count; block = nextChild[block]) {
            int common = common(block, history, from, count);
            if (common > most) {
                best = block;
                most = common;
            }
        }
        return best;
    }

    /** Returns how many of {@code history}'s positions {@code [from, from + count)} a known block begins with. */
    int common(int block, History history, int from, int count) {
        return history.common(from, Math.min(count, lengths[block]), tokens, block * blockTokens);
    }

    /** Makes {@code block} findable by its first {@code count} tokens; a full one must not have its equal there. */
    void insert(int block, int parent, History history, int from, int count) {
        Check.that(!contains(block), "block %s is in the prefix cache already", block);
        Check.that(
                parent == NONE || lengths[parent] == blockTokens,
                "block %s continues %s, which is not known or not full",
                block,
                parent);
        history.copyTo(from, count, tokens, block * blockTokens);
        lengths[block] = count;
        parents[block] = parent;
        int sibling = firstChild[parent + 1];
        nextChild[block] = sibling;
        previousChild[block] = NONE;
        if (sibling != NONE) {
            previousChild[sibling] = block;
        }
        firstChild[parent + 1] = block;
        if (count == blockTokens) {
            int bucket = bucket(parent, history, from);
            bucketOf[block] = bucket;
            nextInBucket[block] = firstInBucket[bucket];
            firstInBucket[bucket] = block;
        }
        size++;
    }

    /** Forgets a block that no other block continues. */
    void remove(int block) {
        Check.that(contains(block) && !isContinued(block), "block %s cannot leave the prefix cache", block);
        if (lengths[block] == blockTokens) {
            leaveBucket(block);
        }
        int before = previousChild[block];
        int after = nextChild[block];
        if (before == NONE) {
            firstChild[parents[block] + 1] = after;
        } else {
            nextChild[before] = after;
        }
        if (after != NONE) {
            previousChild[after] = before;
        }
        lengths[block] = 0;
        size--;
    }

    private void leaveBucket(int block) {
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
