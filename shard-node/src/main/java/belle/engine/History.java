package belle.engine;

import belle.proto.Tokens;
import java.util.Arrays;

/** A sequence's ids by position: the prompt, then what was drawn. Grows only at its end. */
final class History {
    private int[] ids;
    private int size;

    History(Tokens prompt) {
        ids = prompt.toArray();
        size = ids.length;
    }

    int size() {
        return size;
    }

    int get(int position) {
        return ids[position];
    }

    void append(int id) {
        if (size == ids.length) {
            ids = Arrays.copyOf(ids, size + size / 2 + 16);
        }
        ids[size++] = id;
    }

    /** Copies positions {@code [from, to)}. */
    Tokens slice(int from, int to) {
        return Tokens.of(Arrays.copyOfRange(ids, from, to));
    }

    /** Copies positions {@code [from, from + count)} to {@code into[at, at + count)}. */
    void copyTo(int from, int count, int[] into, int at) {
        System.arraycopy(ids, from, into, at, count);
    }

    /** Returns how many of the positions {@code [from, from + count)}, from the first on, equal {@code other[at, at + count)}. */
    int common(int from, int count, int[] other, int at) {
        int different = Arrays.mismatch(ids, from, from + count, other, at, at + count);
        return different < 0 ? count : different;
    }

    /** Mixes positions {@code [from, from + count)} into a hash that begins with {@code seed}. */
    int hash(int seed, int from, int count) {
        long mixed = seed;
        for (int i = from; i < from + count; i++) {
            mixed = (mixed ^ ids[i]) * 0x9E37_79B9_7F4A_7C15L;
            mixed ^= mixed >>> 29;
        }
        return (int) (mixed >>> 32);
    }
}
