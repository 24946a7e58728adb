package belle.runtime;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.typesafe.config.Config;
import java.util.Arrays;

/**
 * What a replica computes on; see {@code belle.node.runtime} in {@code reference.conf}.
 *
 * @param fallback whether the processor's kernels compute where an accelerator is not there
 * @param slotTokens most tokens of a sequence on a portable graph; 0 takes the model's context
 * @param device which one of its kind
 * @param workBytes of a device's memory for a step, beside weights and cache
 */
public record AcceleratorConfig(Provider provider, boolean fallback, int slotTokens, int device, long workBytes) {
    /** The processor's kernels. */
    static final AcceleratorConfig NONE = new AcceleratorConfig(Provider.KERNELS, false, 0, 0, 0);

    public AcceleratorConfig {
        atLeast("slot-tokens", slotTokens, 0);
        atLeast("device", device, 0);
    }

    /** Reads {@code belle.node.runtime}. */
    static AcceleratorConfig from(Config config) {
        return new AcceleratorConfig(
                provider(config.getString("provider")),
                config.getBoolean("provider-fallback"),
                config.getInt("slot-tokens"),
                config.getInt("device"),
                config.getBytes("device-work-bytes"));
    }

    private static Provider provider(String label) {
        return Provider.of(label).orElseThrow(() -> {
            String known = String.join(
                    ", ", Arrays.stream(Provider.values()).map(Provider::label).toList());
            return new FailureException(new Failure.Invalid(
                    "belle.node.runtime.provider",
                    "belle.node.runtime.provider must be one of " + known + ", but is " + label));
        });
    }

    private static void atLeast(String key, int value, int least) {
        if (value < least) {
            String path = "belle.node.runtime." + key;
            throw new FailureException(
                    new Failure.Invalid(path, path + " must be at least " + least + ", but is " + value));
        }
    }
}
