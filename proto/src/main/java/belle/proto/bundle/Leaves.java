package belle.proto.bundle;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Where the 8 leaves of a product cut along its inputs begin and end: fixed by the shape and the group alone, so that a rank of any
 * degree owns whole leaves and every degree adds the same numbers in the same order.
 */
public final class Leaves {
    /** Leaves of every cut product. */
    public static final int COUNT = 8;

    private static final int MLP_UNIT = 64;

    private Leaves() {}

    /**
     * The attention output's leaves hold whole heads, and whole groups. With fewer than 8 of those some are empty.
     *
     * @param group inputs that share a scale in quantised weights, else 0
     */
    public static List<Integer> attention(int inputs, int headDim, int group) {
        return places(inputs, commonMultiple(headDim, group));
    }

    /** The MLP's leaves hold whole tiles of 64 inputs, and whole groups; the last may end short. */
    public static List<Integer> mlp(int inputs, int group) {
        return places(inputs, commonMultiple(MLP_UNIT, group));
    }

    /** Groups are powers of two. */
    private static int commonMultiple(int unit, int group) {
        return group == 0 ? unit : Math.max(1, group / Integer.lowestOneBit(unit)) * unit;
    }

    /** Returns the 9 places {@code min(K, floor(i * units / 8) * unit)}. */
    private static List<Integer> places(int inputs, int unit) {
        int units = (inputs + unit - 1) / unit;
        return IntStream.rangeClosed(0, COUNT)
                .map(i -> (int) Math.min(inputs, (long) i * units / COUNT * unit))
                .boxed()
                .toList();
    }
}
