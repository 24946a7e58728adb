package belle.engine;

/**
 * How many prompt tokens a step may compute beside decodes so that it takes at most {@code maxSlowdown} times as long as one that
 * only decodes. A step is taken to last as long as its decodes and, for each prompt token, a little more; both are learned from
 * how long steps took. Pure: it is told the times. What a step computes changes no token's numbers.
 */
final class PrefillBudget {
    /** Weight of the newest step. */
    private static final double NEWEST = 0.2;
    /** Of the time allowed that is planned for: steps differ. */
    private static final double MARGIN = 0.85;
    /** A prompt goes on, however slow its tokens are. */
    private static final int LEAST = 8;

    private final EngineConfig config;
    private double decodeNanos;
    private double tokenNanos;

    PrefillBudget(EngineConfig config) {
        this.config = config;
    }

    /** Returns the prompt tokens of a step that also decodes; the configured number until both times are known. */
    int tokens() {
        if (config.maxSlowdown() == 0 || decodeNanos == 0 || tokenNanos == 0) {
            return config.prefillTokensBesideDecodes();
        }
        double room = (config.maxSlowdown() * MARGIN - 1) * decodeNanos / tokenNanos;
        return (int) Math.clamp(room, LEAST, config.maxStepTokens());
    }

    /** Notes that a step of {@code decodes} decodes and {@code prefills} prompt tokens took {@code nanos}. */
    void took(int decodes, int prefills, long nanos) {
        if (prefills == 0) {
            decodeNanos = mixed(decodeNanos, (double) nanos);
        } else if (decodes == 0) {
            tokenNanos = mixed(tokenNanos, (double) nanos / prefills);
        } else if (nanos > decodeNanos && decodeNanos > 0) {
            tokenNanos = mixed(tokenNanos, (nanos - decodeNanos) / prefills);
        }
    }

    private static double mixed(double known, double newest) {
        return known == 0 ? newest : known + NEWEST * (newest - known);
    }
}
