package belle.runtime;

import belle.proto.bundle.Bundle;
import java.util.Arrays;
import java.util.Optional;

/**
 * How a bundle is computed. All that is above a step (engine, scheduler, actors, sessions) is the same for each; a provider
 * opens a cache's memory and a rank that works on it.
 */
public enum Provider {
    /** Our own operators on the processor: one order of summing everywhere, a cache of blocks. */
    KERNELS("kernels") {
        @Override
        Computing open(Bundle bundle, RuntimeConfig config) {
            return KernelComputing.open(bundle, config);
        }
    },
    /** The portable graph on ONNX Runtime's kernels for the processor: what runs where there is no accelerator. */
    PORTABLE("portable") {
        @Override
        Computing open(Bundle bundle, RuntimeConfig config) {
            return PortableComputing.onProcessor(bundle, config);
        }
    },
    /** The portable graph on an NVIDIA GPU. */
    CUDA("cuda") {
        @Override
        Computing open(Bundle bundle, RuntimeConfig config) {
            return PortableComputing.onCuda(bundle, config);
        }
    };

    private final String label;

    Provider(String label) {
        this.label = label;
    }

    /** Finds the provider that configurations call {@code label}. */
    public static Optional<Provider> of(String label) {
        return Arrays.stream(values()).filter(each -> each.label.equals(label)).findFirst();
    }

    /** As configurations write it. */
    public String label() {
        return label;
    }

    /**
     * What computes a bundle's steps, and the cache that it has.
     *
     * @param provider that it is of
     * @param layout how many blocks there are, how many tokens each holds, and of which type
     * @param sequenceTokens most tokens of one sequence, were it alone
     * @param runner closed by whoever opened it; with it goes the cache's memory
     */
    record Computing(Provider provider, KvLayout layout, int sequenceTokens, StepRunner runner) {}

    /**
     * Opens a bundle for computing.
     *
     * @throws belle.proto.FailureException {@code Broken} when the graph is refused, {@code Invalid} when the configuration
     *     does not fit the bundle, {@code Unavailable} when the device is not there
     */
    abstract Computing open(Bundle bundle, RuntimeConfig config);
}
