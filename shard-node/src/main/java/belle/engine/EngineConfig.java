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
 * @param prefillTokensBesideDecodes most prompt tokens in a step that also decodes
 * @param maxLogitRows most rows of logits in one step
 */
public record EngineConfig(
        int maxSequences, int maxWaiting, int maxStepTokens, int prefillTokensBesideDecodes, int maxLogitRows) {
    public EngineConfig {
        atLeast("max-sequences", maxSequences, 1, "1");
        atLeast("max-waiting", maxWaiting, 0, "0");
        atLeast("max-step-tokens", maxStepTokens, maxSequences, "max-sequences");
        atLeast("prefill-tokens-beside-decodes", prefillTokensBesideDecodes, 1, "1");
        atLeast("max-logit-rows", maxLogitRows, maxSequences, "max-sequences");
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
                config.getInt("max-logit-rows"));
    }

    private static void atLeast(String key, int value, int least, String bound) {
        if (value < least) {
            String path = "belle.node.engine." + key;
            throw new FailureException(new Failure.Invalid(
                    path, path + " must be at least " + bound + " (" + least + "), but is " + value));
        }
    }
}
