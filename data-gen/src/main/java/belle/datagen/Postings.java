package belle.datagen;

import java.util.Arrays;

/**
 * Where one token occurs: documents in ascending order, each with how often it has the token and how long it is. 8 bytes an
 * entry, and for frequent tokens a count of entries by (times, length).
 */
final class Postings {
    /** Bits of an entry's code that hold the document's length; the upper ones hold how often the token occurs. */
    static final int LENGTH_BITS = 20;

    static final int MAX_LENGTH = (1 << LENGTH_BITS) - 1;
    static final int MAX_TIMES = (1 << (31 - LENGTH_BITS)) - 1;
    /** From so many entries on, sums over all of them go over the counts by code. */
    private static final int COUNTED_FROM = 64;

    private int[] documents = new int[2];
    private int[] codes = new int[2];
    private int size;
    private int mostTimes;
    private int leastLength = MAX_LENGTH;
    /** Open addressing, code and count in turn; a count of 0 is free. Empty while there are few entries. */
    private int[] counts = new int[0];

    private int distinct;

    void add(int document, int times, int length) {
        if (size == documents.length) {
            int capacity = size + Math.max(2, size / 2);
            documents = Arrays.copyOf(documents, capacity);
            codes = Arrays.copyOf(codes, capacity);
        }
        int code = (times << LENGTH_BITS) | length;
        documents[size] = document;
        codes[size] = code;
        size++;
        mostTimes = Math.max(mostTimes, times);
        leastLength = Math.min(leastLength, length);
        if (size == COUNTED_FROM) {
            counts = new int[128];
            for (int i = 0; i < size; i++) {
                count(codes[i]);
            }
        } else if (size > COUNTED_FROM) {
            count(code);
        }
    }

    int size() {
        return size;
    }

    /** Of the entry at {@code index}. */
    int document(int index) {
        return documents[index];
    }

    static int times(int code) {
        return code >>> LENGTH_BITS;
    }

    static int length(int code) {
        return code & MAX_LENGTH;
    }

    /** No entry has more of it, and none is shorter: its saturation is at most that of this one. */
    int mostTimes() {
        return mostTimes;
    }

    int leastLength() {
        return leastLength;
    }

    /**
     * Adds what the token gives to the score of each of its documents.
     *
     * @return whether a score is over {@code limit} now
     */
    boolean addTo(double[] scores, double weight, Saturation saturation, double limit) {
        boolean over = false;
        for (int i = 0; i < size; i++) {
            double score = scores[documents[i]] + weight * saturation.of(codes[i]);
            scores[documents[i]] = score;
            over |= score > limit;
        }
        return over;
    }

    /** Sets the score of each of its documents to 0. */
    void clear(double[] scores) {
        for (int i = 0; i < size; i++) {
            scores[documents[i]] = 0;
        }
    }

    /** The sum of the saturations of all entries. */
    double sum(Saturation saturation) {
        double sum = 0;
        if (counts.length == 0) {
            for (int i = 0; i < size; i++) {
                sum += saturation.of(codes[i]);
            }
        } else {
            for (int i = 0; i < counts.length; i += 2) {
                if (counts[i + 1] > 0) {
                    sum += counts[i + 1] * saturation.of(counts[i]);
                }
            }
        }
        return sum;
    }

    private void count(int code) {
        if (distinct * 4 >= counts.length) {
            int[] old = counts;
            counts = new int[old.length * 2];
            for (int i = 0; i < old.length; i += 2) {
                if (old[i + 1] > 0) {
                    int slot = slot(old[i]);
                    counts[slot] = old[i];
                    counts[slot + 1] = old[i + 1];
                }
            }
        }
        int slot = slot(code);
        if (counts[slot + 1] == 0) {
            counts[slot] = code;
            distinct++;
        }
        counts[slot + 1]++;
    }

    private int slot(int code) {
        int mask = counts.length / 2 - 1;
        int at = ((code * 0x9e3779b1) >>> 7) & mask;
        while (counts[2 * at + 1] > 0 && counts[2 * at] != code) {
            at = (at + 1) & mask;
        }
        return 2 * at;
    }
}
