package belle.export.bundle;

/** ALiBi's slopes (Press et al. 2021, section 3; the authors' rule for head counts that are no power of two). */
final class Alibi {
    private Alibi() {}

    /**
     * Returns a slope for each head: with P the largest power of two not above H, the first P are powers of {@code
     * 2^(-8/P)}; the others the odd powers of {@code 2^(-4/P)}. Bases are rounded to float32 before they are raised, as
     * in the reference.
     */
    static float[] slopes(int heads) {
        int power = Integer.highestOneBit(heads);
        float base = (float) Math.pow(2, -8.0 / power);
        float between = (float) Math.pow(2, -4.0 / power);
        float[] slopes = new float[heads];
        for (int head = 0; head < heads; head++) {
            slopes[head] =
                    (float) (head < power ? Math.pow(base, head + 1) : Math.pow(between, 2 * (head - power) + 1));
        }
        return slopes;
    }
}
