package belle.engine;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.typesafe.config.Config;

/**
 * Limits of the engine; the keys of {@code belle.node.engine} in {@code reference.conf}, which explains them.
 *
 * @param maxSequences most sequences in one step
 * @param maxWaiting sequences accepted beyond {@code maxSequences}
 * @param maxStepTokens most tokens in one step
 * @param prefillTokensBesideDecodes most prompt tokens in a step that also decodes; the first guess where it is learned
 * @param maxLogitRows most rows of logits in one step
 * @param maxSlowdown how many times as long a step with prompt tokens may take as one that only decodes; 0 learns nothing
 * @param lookupTokens most tokens that a decode guesses from what the sequence said before; 0 guesses nothing
 */
public record EngineConfig(
        int maxSequences,
        int maxWaiting,
        int maxStepTokens,
        int prefillTokensBesideDecodes,
        int maxLogitRows,
        double maxSlowdown,
        int lookupTokens) {
    private static final double LEAST_SLOWDOWN = 1.5;
    private static final double MOST_SLOWDOWN = 1000;

    public EngineConfig {
        atLeast("max-sequences", maxSequences, 1, "1");
        atLeast("max-waiting", maxWaiting, 0, "0");
        atLeast("max-step-tokens", maxStepTokens, maxSequences, "max-sequences");
        atLeast("prefill-tokens-beside-decodes", prefillTokensBesideDecodes, 1, "1");
        atLeast("max-logit-rows", maxLogitRows, maxSequences, "max-sequences");
        atLeast("lookup-tokens", lookupTokens, 0, "0");
        if (maxSlowdown != 0 && !(maxSlowdown >= LEAST_SLOWDOWN && maxSlowdown <= MOST_SLOWDOWN)) {
            String path = "belle.node.engine.max-slowdown";
            throw new FailureException(new Failure.Invalid(
                    path,
                    path + " must be 0, or from " + LEAST_SLOWDOWN + " to " + MOST_SLOWDOWN + ", but is "
                            + maxSlowdown));
        }
    }

    /** With a fixed number of prompt tokens beside decodes, and no guesses. */
    public EngineConfig(
            int maxSequences, int maxWaiting, int maxStepTokens, int prefillTokensBesideDecodes, int maxLogitRows) {
        this(maxSequences, maxWaiting, maxStepTokens, prefillTokensBesideDecodes, maxLogitRows, 0, 0);
    }

    /**
     * Reads {@code belle.node.engine}.
     *
     * @throws FailureException naming the key whose value is out of range
     */
    public static EngineConfig from(Config config) {
        return new EngineConfig(
                config.getInt("max-sequences"),
                config.getInt("max-waiting"),
                config.getInt("max-step-tokens"),
                config.getInt("prefill-tokens-beside-decodes"),
                config.getInt("max-logit-rows"),
                config.getDouble("max-slowdown"),
                config.getInt("lookup-tokens"));
    }

    private static void atLeast(String key, int value, int least, String bound) {
        if (value < least) {
            String path = "belle.node.engine." + key;
            throw new FailureException(new Failure.Invalid(
                    path, path + " must be at least " + bound + " (" + least + "), but is " + value));
        }
    }
}
