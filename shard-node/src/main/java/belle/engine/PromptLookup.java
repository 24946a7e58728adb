package belle.engine;

import belle.proto.Tokens;

/**
 * Guesses how a text goes on: as it did where its last tokens stood before (prompt lookup decoding, Saxena 2023). Answers repeat
 * what they were asked about, and a wrong guess costs a row of a step and no token.
 */
final class PromptLookup {
    private static final int LONGEST = 3;
    private static final int SHORTEST = 2;
    /** Positions that are looked at, from the end back. */
    private static final int REACH = 4096;

    private PromptLookup() {}

    /** Returns {@code most} tokens, what was guessed repeating itself if need be; none when the last ones stand nowhere else. */
    static Tokens guess(History history, int most) {
        int size = history.size();
        for (int length = Math.min(LONGEST, size - 1); length >= SHORTEST && most > 0; length--) {
            int last = size - length;
            for (int from = last - 1; from >= Math.max(0, last - REACH); from--) {
                if (stands(history, from, last, length)) {
                    return repeated(history, last - from, most);
                }
            }
        }
        return Tokens.EMPTY;
    }

    /** What follows when the text goes on repeating what stood {@code period} tokens before. */
    private static Tokens repeated(History history, int period, int count) {
        int[] ids = new int[count];
        for (int i = 0; i < count; i++) {
            ids[i] = i < period ? history.get(history.size() + i - period) : ids[i - period];
        }
        return Tokens.of(ids);
    }

    private static boolean stands(History history, int from, int last, int length) {
        for (int i = 0; i < length; i++) {
            if (history.get(from + i) != history.get(last + i)) {
                return false;
            }
        }
        return true;
    }
}
