package belle.bench;

import java.time.Duration;
import java.util.List;

/**
 * How much is measured.
 *
 * @param levels numbers of streams at once
 * @param promptTokens of each stream, about
 * @param outputTokens of each stream
 * @param longPromptTokens of the long prompt and of a conversation's first turn, about; twice as many of one beside streams
 * @param steady how long streams run before something is done to them
 * @param seed of the random texts
 */
public record BenchSize(
        List<Integer> levels, int promptTokens, int outputTokens, int longPromptTokens, Duration steady, long seed) {
    public static final BenchSize WHOLE =
            new BenchSize(List.of(1, 4, 16, 64), 128, 128, 1024, Duration.ofSeconds(3), 1);
    public static final BenchSize SMOKE = new BenchSize(List.of(1, 4), 32, 16, 128, Duration.ofMillis(10), 1);

    public BenchSize {
        levels = List.copyOf(levels);
    }

    /** Returns the same with other numbers of streams. */
    public BenchSize withLevels(List<Integer> others) {
        return new BenchSize(others, promptTokens, outputTokens, longPromptTokens, steady, seed);
    }
}
