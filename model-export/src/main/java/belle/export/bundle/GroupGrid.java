package belle.export.bundle;

/**
 * The numbers that a group of weights can be: (code - zero) * scale, from the least weight, or 0, to the largest one, or 0, in
 * even steps.
 */
record GroupGrid(float scale, int zero, int largest) {
    /** Of {@code weights[from, to)}, in codes of {@code bits} bits. */
    static GroupGrid of(float[] weights, int from, int to, int bits) {
        float least = 0;
        float most = 0;
        for (int i = from; i < to; i++) {
            least = Math.min(least, weights[i]);
            most = Math.max(most, weights[i]);
        }
        int largest = (1 << bits) - 1;
        float scale = most / largest - least / largest;
        return new GroupGrid(scale, scale == 0 ? 0 : (int) Math.rint(-least / scale), largest);
    }

    /** Returns the nearest number's code. */
    int code(float weight) {
        return scale == 0 ? 0 : Math.clamp((long) Math.rint(weight / scale) + zero, 0, largest);
    }

    float value(int code) {
        return scale * (code - zero);
    }
}
