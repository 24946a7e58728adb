package belle.engine;

/**
 * Random numbers as a function of a key and a counter: nothing is carried from one draw to the next.
 *
 * <p>Philox4x32 with 10 rounds: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011),
 * section 4.3.
 */
final class Philox {
    private static final int ROUNDS = 10;
    private static final long MULTIPLIER_0 = 0xD251_1F53L;
    private static final long MULTIPLIER_1 = 0xCD9E_8D57L;
    private static final int WEYL_0 = 0x9E37_79B9;
    private static final int WEYL_1 = 0xBB67_AE85;
    private static final long UNSIGNED = 0xFFFF_FFFFL;

    private Philox() {}

    /** Returns the number in [0, 1), of 53 random bits, that belongs to a position of a choice. */
    static double uniform(long seed, int choice, int position) {
        int[] words = block(position, choice, 0, 0, (int) seed, (int) (seed >>> 32));
        long bits = (long) words[0] << 32 | (words[1] & UNSIGNED);
        return (bits >>> 11) * 0x1p-53;
    }

    /** Returns the four words for the counter {@code c0..c3} under the key {@code k0, k1}. */
    static int[] block(int c0, int c1, int c2, int c3, int k0, int k1) {
        int a = c0;
        int b = c1;
        int c = c2;
        int d = c3;
        for (int round = 0; round < ROUNDS; round++) {
            long left = MULTIPLIER_0 * (a & UNSIGNED);
            long right = MULTIPLIER_1 * (c & UNSIGNED);
            a = (int) (right >>> 32) ^ b ^ (k0 + round * WEYL_0);
            c = (int) (left >>> 32) ^ d ^ (k1 + round * WEYL_1);
            b = (int) right;
            d = (int) left;
        }
        return new int[] {a, b, c, d};
    }
}
