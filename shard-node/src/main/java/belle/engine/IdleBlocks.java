package belle.engine;

import java.util.Arrays;

/** Blocks in the order in which their last holder left them, as a linked list inside two arrays. */
final class IdleBlocks {
    private static final int ABSENT = -1;

    private final int head; // stands before the oldest and behind the newest
    private final int[] newer;
    private final int[] older;
    private int size;

    IdleBlocks(int blocks) {
        head = blocks;
        newer = new int[blocks + 1];
        older = new int[blocks + 1];
        Arrays.fill(newer, ABSENT);
        newer[head] = head;
        older[head] = head;
    }

    int size() {
        return size;
    }

    boolean contains(int block) {
        return newer[block] != ABSENT;
    }

    /** Adds a block as the newest. */
    void add(int block) {
        int last = older[head];
        newer[last] = block;
        older[block] = last;
        newer[block] = head;
        older[head] = block;
        size++;
    }

    /** Removes a block from wherever it stands. */
    void remove(int block) {
        newer[older[block]] = newer[block];
        older[newer[block]] = older[block];
        newer[block] = ABSENT;
        size--;
    }

    /** Returns the oldest block, or {@link #end()} when there is none. */
    int oldest() {
        return newer[head];
    }

    /** Returns the block that was left next after {@code block}, or {@link #end()}. */
    int after(int block) {
        return newer[block];
    }

    int end() {
        return head;
    }
}
