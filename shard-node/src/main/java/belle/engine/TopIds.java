package belle.engine;

import java.util.Arrays;

/**
 * The best ids of a row, by (logit descending, id ascending), in arrays that are used again.
 *
 * <p>An entry is one {@code long}: the logit's bits, made to sort as integers, above the complement of the id. So the
 * larger entry is the better one, and comparing two takes one instruction.
 */
final class TopIds {
    private long[] entries = new long[64];
    private int size;

    /** Number of ids selected. */
    int size() {
        return size;
    }

    /** Begins an own selection: {@link #add}, and {@link #sort} when it is whole. */
    void clear() {
        size = 0;
    }

    /** Selects an id besides those selected. */
    void add(float logit, int id) {
        if (size == entries.length) {
            entries = Arrays.copyOf(entries, 2 * size);
        }
        entries[size++] = entry(logit, id);
    }

    /** Puts what is selected in order. */
    void sort() {
        Arrays.sort(entries, 0, size);
    }

    /** Returns the id at {@code rank}, 0 being the best. */
    int id(int rank) {
        return ~(int) entries[size - 1 - rank];
    }

    /** Returns the logit at {@code rank}. */
    float logit(int rank) {
        return value(entries[size - 1 - rank]);
    }

    /**
     * Selects the best {@code count} of {@code row[0, ids)}, or none when a value is no number or the best is infinite.
     * O(ids) while {@code count} is small.
     */
    void select(float[] row, int ids, int count) {
        int wanted = Math.min(count, ids);
        boolean numbers = wanted > ids / 8 ? sortAll(row, ids, wanted) : selectByHeap(row, ids, wanted);
        sort();
        if (!numbers || (size > 0 && !Float.isFinite(logit(0)))) {
            size = 0;
        }
    }

    private boolean sortAll(float[] row, int ids, int wanted) {
        if (!take(row, ids)) {
            return false;
        }
        Arrays.sort(entries, 0, ids);
        System.arraycopy(entries, ids - wanted, entries, 0, wanted);
        size = wanted;
        return true;
    }

    /** Keeps the best so far in a heap with the worst of them on top; most values fail one comparison with it. */
    private boolean selectByHeap(float[] row, int ids, int wanted) {
        if (!take(row, wanted)) {
            return false;
        }
        for (int i = size / 2 - 1; i >= 0; i--) {
            siftDown(i);
        }
        float worst = value(entries[0]);
        for (int id = wanted; id < ids; id++) {
            if (!(row[id] <= worst)) { // an equal logit with a higher id loses; what is no number gets in
                if (Float.isNaN(row[id])) {
                    return false;
                }
                entries[0] = entry(row[id], id);
                siftDown(0);
                worst = value(entries[0]);
            }
        }
        return true;
    }

    /** Begins with the first {@code count} ids. Returns whether all their values are numbers. */
    private boolean take(float[] row, int count) {
        if (entries.length < count) {
            entries = new long[count];
        }
        size = count;
        boolean numbers = true;
        for (int id = 0; id < count; id++) {
            numbers &= !Float.isNaN(row[id]);
            entries[id] = entry(row[id], id);
        }
        return numbers;
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
