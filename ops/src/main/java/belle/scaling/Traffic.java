package belle.scaling;

import belle.proto.Check;

/**
 * What clients ask for.
 *
 * @param promptTokens at the mean
 * @param answerTokens at the mean
 * @param spread lengths are drawn evenly from (1 - spread) to (1 + spread) times the mean; 0 to below 1
 * @param seed of lengths, ids and arrivals
 */
public record Traffic(Load load, int promptTokens, int answerTokens, double spread, long seed) {
    public Traffic {
        Check.that(promptTokens > 0 && answerTokens > 0, "%s and %s tokens", promptTokens, answerTokens);
        Check.that(spread >= 0 && spread < 1, "a spread of %s", spread);
    }

    /** The longest length that may be drawn with this mean. */
    int longest(int mean) {
        return (int) Math.ceil(mean * (1 + spread));
    }

    /** When requests come. */
    public sealed interface Load {}

    /** So many streams for each node, all the time: one that ends is followed by another, at whichever node has least to do. */
    public record Streams(int perNode, Window window) implements Load {}

    /** Requests that come at random (Poisson), on average so many a second for each node. */
    public record Arrivals(double perNodeSecond, Window window) implements Load {}

    /** So many requests at once, and then no more; all of it is counted. */
    public record Burst(int requests) implements Load {}

    /**
     * What is counted of an endless load.
     *
     * @param warmUpSeconds simulated before
     * @param seconds counted
     */
    public record Window(double warmUpSeconds, double seconds) {}
}
