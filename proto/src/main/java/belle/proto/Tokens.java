package belle.proto;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** An immutable run of token ids; the one place that wraps an array, so that records never hold one. */
public final class Tokens {
    public static final Tokens EMPTY = new Tokens(new int[0]);

    private final int[] ids;

    private Tokens(int[] ids) {
        this.ids = ids;
    }

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static Tokens of(int... ids) {
        return ids.length == 0 ? EMPTY : new Tokens(ids.clone());
    }

    public int size() {
        return ids.length;
    }

    public boolean isEmpty() {
        return ids.length == 0;
    }

    public int get(int index) {
        return ids[index];
    }

    /** Returns ids {@code [from, to)} as a copy. */
    public Tokens slice(int from, int to) {
        return new Tokens(Arrays.copyOfRange(ids, from, to));
    }

    /** Returns these ids followed by {@code more}; O(size). */
    public Tokens plus(Tokens more) {
        if (more.isEmpty()) {
            return this;
        }
        int[] joined = Arrays.copyOf(ids, ids.length + more.ids.length);
        System.arraycopy(more.ids, 0, joined, ids.length, more.ids.length);
        return new Tokens(joined);
    }

    /** Returns a copy of the ids. */
    @JsonValue
    public int[] toArray() {
        return ids.clone();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Tokens that && Arrays.equals(ids, that.ids);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(ids);
    }

    @Override
    public String toString() {
        return Arrays.toString(ids);
    }
}
