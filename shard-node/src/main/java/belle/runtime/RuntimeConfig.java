package belle.runtime;

import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.bundle.KvType;
import com.typesafe.config.Config;
import java.util.Optional;

/**
 * How a replica computes; see {@code belle.node.runtime} in {@code reference.conf}.
 *
 * @param threads of all ranks together
 * @param kvCacheBytes of one replica's cache
 * @param kvCacheType empty takes what the bundle asks for
 * @param blockTokens 16, 32 or 64
 * @param ranks that the model is cut into
 * @param accelerator what computes in place of the kernels
 */
public record RuntimeConfig(
        int threads,
        boolean spinning,
        long kvCacheBytes,
        Optional<KvType> kvCacheType,
        int blockTokens,
        RankConfig ranks,
        AcceleratorConfig accelerator) {

    /** On one rank of the processor's kernels. */
    public RuntimeConfig(
            int threads, boolean spinning, long kvCacheBytes, Optional<KvType> kvCacheType, int blockTokens) {
        this(threads, spinning, kvCacheBytes, kvCacheType, blockTokens, RankConfig.ONE, AcceleratorConfig.NONE);
    }

    /** The same for one model, whose number of ranks may be its own. */
    RuntimeConfig of(String model) {
        return new RuntimeConfig(
                threads, spinning, kvCacheBytes, kvCacheType, blockTokens, ranks.of(model), accelerator);
    }

    /** Reads {@code belle.node.runtime}. */
    public static RuntimeConfig from(Config config) {
        int threads = config.getInt("threads");
        return new RuntimeConfig(
                threads == 0 ? Runtime.getRuntime().availableProcessors() : threads,
                config.getBoolean("spinning"),
                config.getBytes("kv-cache-bytes"),
                kvCacheType(config.getString("kv-cache-type")),
                config.getInt("block-tokens"),
                RankConfig.from(config),
                AcceleratorConfig.from(config));
    }

    private static Optional<KvType> kvCacheType(String label) {
        if (label.equals("bundle")) {
            return Optional.empty();
        }
        return Optional.of(KvType.of(label)
                .orElseThrow(() -> new FailureException(new Failure.Invalid(
                        "belle.node.runtime.kv-cache-type",
                        "belle.node.runtime.kv-cache-type must be bundle or one of " + KvType.labels() + ", but is "
                                + label))));
    }
}
