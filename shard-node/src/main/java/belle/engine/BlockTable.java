package belle.engine;

import java.util.Arrays;

/**
 * A sequence's cache blocks in the order of its positions: block {@code i} holds positions {@code [i * blockTokens, (i +
 * 1) * blockTokens)}.
 *
 * <p>Outside this package a read-only view, fixed from {@link Engine#nextStep()} until that step is completed or failed.
 */
public final class BlockTable {
    private int[] blocks = new int[8];
    private int size;

    BlockTable() {}

    /** Number of blocks. */
    public int size() {
        return size;
    }

    /** Returns the {@code index}-th block's place in the pool. */
    public int get(int index) {
        return blocks[index];
    }

    /** Copies all blocks to {@code into[from, from + size())}. */
    public void copyTo(int[] into, int from) {
        System.arraycopy(blocks, 0, into, from, size);
    }

    void add(int block) {
        if (size == blocks.length) {
            blocks = Arrays.copyOf(blocks, 2 * size);
        }
        blocks[size++] = block;
    }

    void set(int index, int block) {
        blocks[index] = block;
    }

    int removeLast() {
        return blocks[--size];
    }
}
