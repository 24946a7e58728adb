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
 * @param kvCacheBytes of one replica's pool
 * @param kvCacheType empty takes what the bundle asks for
 * @param blockTokens 16, 32 or 64
 * @param tensorParallel ranks that a replica is cut into
 */
public record RuntimeConfig(
        int threads,
        boolean spinning,
        long kvCacheBytes,
        Optional<KvType> kvCacheType,
        int blockTokens,
        int tensorParallel) {

    /** Reads {@code belle.node.runtime}. */
    public static RuntimeConfig from(Config config) {
        int threads = config.getInt("threads");
        return new RuntimeConfig(
                threads == 0 ? Runtime.getRuntime().availableProcessors() : threads,
                config.getBoolean("spinning"),
                config.getBytes("kv-cache-bytes"),
                kvCacheType(config.getString("kv-cache-type")),
                config.getInt("block-tokens"),
                config.getInt("tensor-parallel"));
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
