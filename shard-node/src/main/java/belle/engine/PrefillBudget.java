package belle.engine;

/**
 * How many prompt tokens a step may compute beside decodes so that it takes at most {@code maxSlowdown} times as long as one that
 * only decodes. A step is taken to last as long as its decodes and, for each prompt token, a little more; both are learned from
 * how long steps took. Hardly any step may be longer, so a disturbed machine counts against the prompt: decodes are thought to take
 * what the fast ones take, and prompt tokens what the slow ones take. Pure: it is told the times. What a step computes changes no
 * token's numbers.
 */
final class PrefillBudget {
    /** Weight of a step in favour of larger chunks, and of one against them. */
    private static final double LARGER = 0.1;

    private static final double SMALLER = 0.2;
    /** A step whose prompt tokens were disturbed counts as one that took so many times as long as thought. */
    private static final double MOST = 1.5;
    /** Of the time allowed that is planned for: steps differ. */
    private static final double MARGIN = 0.75;
    /** Rows that the kernels compute together: for a part of them they take as long. */
    private static final int ROW_TILE = 4;
    /** A prompt goes on, however slow its tokens are. */
    private static final int LEAST = 8;

    private final EngineConfig config;
    private double decodeNanos;
    private double tokenNanos;

    PrefillBudget(EngineConfig config) {
        this.config = config;
    }

    /** Returns the prompt tokens of a step beside {@code decodes} others; the configured number until both times are known. */
    int tokens(int decodes) {
        if (config.maxSlowdown() == 0 || decodeNanos == 0 || tokenNanos == 0) {
            return config.prefillTokensBesideDecodes();
        }
        double room = (config.maxSlowdown() * MARGIN - 1) * decodeNanos / tokenNanos;
        long tiles = Math.round((decodes + room) / ROW_TILE);
        return Math.clamp(tiles * ROW_TILE - decodes, LEAST, config.maxStepTokens());
    }

    /** Notes that a step of {@code decodes} decodes and {@code prefills} prompt tokens took {@code nanos}. */
    void took(int decodes, int prefills, long nanos) {
        if (prefills == 0) {
            decodeNanos = mixed(decodeNanos, (double) nanos, LARGER, SMALLER);
        } else if (decodes == 0) {
            if (tokenNanos == 0) { // a first guess: a prompt alone is computed in larger chunks, which cost less
                tokenNanos = (double) nanos / prefills;
            }
        } else if (decodeNanos > 0) {
            beside(Math.max(0, nanos - decodeNanos) / prefills);
        }
    }

    private void beside(double each) {
        double bound = tokenNanos == 0 ? each : MOST * tokenNanos;
        tokenNanos = mixed(tokenNanos, Math.min(each, bound), SMALLER, LARGER);
    }

    private static double mixed(double known, double newest, double rising, double falling) {
        return known == 0 ? newest : known + (newest > known ? rising : falling) * (newest - known);
    }
}
