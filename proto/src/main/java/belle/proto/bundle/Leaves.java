package belle.proto.bundle;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Where the 8 leaves of a product cut along its inputs begin and end: fixed by the shape alone, so that a rank of any
 * degree owns whole leaves and every degree adds the same numbers in the same order.
 */
public final class Leaves {
    /** Leaves of every cut product. */
    public static final int COUNT = 8;

    private static final int MLP_UNIT = 64;

    private Leaves() {}

    /** The attention output's leaves hold whole heads. With fewer than 8 heads some are empty. */
    public static List<Integer> attention(int inputs, int headDim) {
        return places(inputs, headDim);
    }

    /** The MLP's leaves hold whole tiles of 64 inputs; the last may end short. */
    public static List<Integer> mlp(int inputs) {
        return places(inputs, MLP_UNIT);
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
