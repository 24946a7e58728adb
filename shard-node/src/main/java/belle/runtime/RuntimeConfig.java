package belle.runtime;

import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.bundle.KvType;
import com.typesafe.config.Config;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * How a replica computes; see {@code belle.node.runtime} in {@code reference.conf}.
 *
 * @param threads of all ranks of all replicas of a model together
 * @param kvCacheBytes of one replica's cache
 * @param kvCacheType empty takes what the bundle asks for
 * @param blockTokens 16, 32 or 64
 * @param ranks that the model is cut into
 * @param accelerator what computes in place of the kernels
 * @param replicas of a model on one node
 */
public record RuntimeConfig(
        int threads,
        long kvCacheBytes,
        Optional<KvType> kvCacheType,
        int blockTokens,
        RankConfig ranks,
        AcceleratorConfig accelerator,
        ReplicaCount replicas) {

    /** For one replica. */
    public RuntimeConfig(
            int threads,
            long kvCacheBytes,
            Optional<KvType> kvCacheType,
            int blockTokens,
            RankConfig ranks,
            AcceleratorConfig accelerator) {
        this(threads, kvCacheBytes, kvCacheType, blockTokens, ranks, accelerator, ReplicaCount.ONE);
    }

    /** On one rank of the processor's kernels. */
    public RuntimeConfig(int threads, long kvCacheBytes, Optional<KvType> kvCacheType, int blockTokens) {
        this(threads, kvCacheBytes, kvCacheType, blockTokens, RankConfig.ONE, AcceleratorConfig.NONE);
    }

    /** What each replica of one model is told, whose number of them and of ranks may be its own. */
    List<RuntimeConfig> replicasOf(String model) {
        int number = replicas.of(model);
        return IntStream.range(0, number)
                .mapToObj(replica -> new RuntimeConfig(
                        Math.max(1, threads / number),
                        kvCacheBytes,
                        kvCacheType,
                        blockTokens,
                        ranks.of(model).ofReplica(replica, number),
                        accelerator))
                .toList();
    }

    /** Reads {@code belle.node.runtime}. */
    public static RuntimeConfig from(Config config) {
        int threads = config.getInt("threads");
        return new RuntimeConfig(
                threads == 0 ? Runtime.getRuntime().availableProcessors() : threads,
                config.getBytes("kv-cache-bytes"),
                kvCacheType(config.getString("kv-cache-type")),
                config.getInt("block-tokens"),
                RankConfig.from(config),
                AcceleratorConfig.from(config),
                ReplicaCount.from(config));
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
