package belle.engine;

import java.util.Arrays;

/**
 * The best ids of a row, by (logit descending, id ascending), in arrays that are used again.
 *
 * <p>An entry is one {@code long}: the logit's bits, made to sort as integers, above the complement of the id. So the
 * larger entry is the better one, and comparing two takes one instruction. Values that are not numbers are left out.
 */
final class TopIds {
    private long[] entries = new long[64];
    private int size;

    /** Number of ids selected. */
    int size() {
        return size;
    }

    /** Returns the id at {@code rank}, 0 being the best. */
    int id(int rank) {
        return ~(int) entries[size - 1 - rank];
    }

    /** Returns the logit at {@code rank}. */
    float logit(int rank) {
        return value(entries[size - 1 - rank]);
    }

    /** Selects the best {@code count} of {@code row[0, ids)}; O(ids) while {@code count} is small. */
    void select(float[] row, int ids, int count) {
        int wanted = Math.min(count, ids);
        if (wanted > ids / 8) {
            sortAll(row, ids);
            int dropped = Math.max(0, size - wanted);
            System.arraycopy(entries, dropped, entries, 0, size - dropped);
            size -= dropped;
        } else {
            selectByHeap(row, ids, wanted);
            Arrays.sort(entries, 0, size);
        }
    }

    private void sortAll(float[] row, int ids) {
        ensure(ids);
        size = 0;
        for (int id = 0; id < ids; id++) {
            if (!Float.isNaN(row[id])) {
                entries[size++] = entry(row[id], id);
            }
        }
        Arrays.sort(entries, 0, size);
    }

    /** Keeps the best so far in a heap with the worst of them on top; most values fail one comparison with it. */
    private void selectByHeap(float[] row, int ids, int wanted) {
        ensure(wanted);
        size = 0;
        int id = 0;
        for (; id < ids && size < wanted; id++) {
            if (!Float.isNaN(row[id])) {
                entries[size++] = entry(row[id], id);
            }
        }
        if (size == 0) {
            return;
        }
        for (int i = size / 2 - 1; i >= 0; i--) {
            siftDown(i);
        }
        float worst = value(entries[0]);
        for (; id < ids; id++) {
            if (row[id] > worst) { // an equal logit with a higher id loses
                entries[0] = entry(row[id], id);
                siftDown(0);
                worst = value(entries[0]);
            }
        }
    }

    private void siftDown(int from) {
        long moving = entries[from];
        int at = from;
        for (int child = 2 * at + 1; child < size; child = 2 * at + 1) {
            if (child + 1 < size && entries[child + 1] < entries[child]) {
                child++;
            }
            if (moving <= entries[child]) {
                break;
            }
            entries[at] = entries[child];
            at = child;
        }
        entries[at] = moving;
    }

    private void ensure(int capacity) {
        if (entries.length < capacity) {
            entries = new long[capacity];
        }
    }

    private static long entry(float logit, int id) {
        return (long) sortable(Float.floatToRawIntBits(logit + 0.0f)) << 32 | (~id & 0xFFFF_FFFFL); // -0 + 0 = +0
    }

    private static float value(long entry) {
        return Float.intBitsToFloat(sortable((int) (entry >> 32)));
    }

    /** Turns the order of sign and magnitude into that of two's complement, and back. */
    private static int sortable(int bits) {
        return bits ^ ((bits >> 31) & 0x7FFF_FFFF);
    }
}
