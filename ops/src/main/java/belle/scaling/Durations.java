package belle.scaling;

import java.util.Arrays;

/** Lengths of time and their quantiles. */
final class Durations {
    private long[] nanos = new long[1024];
    private int size;

    void add(long duration) {
        if (size == nanos.length) {
            nanos = Arrays.copyOf(nanos, 2 * size);
        }
        nanos[size++] = duration;
    }

    int size() {
        return size;
    }

    /** Returns the seconds that a part {@code share} of all durations do not exceed; not a number when there are none. */
    double quantile(double share) {
        Arrays.sort(nanos, 0, size);
        return size == 0 ? Double.NaN : nanos[(int) ((size - 1) * share)] / 1e9;
    }
}
