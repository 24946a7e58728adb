package belle.runtime;

import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.bundle.KvType;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigObject;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a replica computes; see {@code belle.node.runtime} in {@code reference.conf}.
 *
 * @param threads of all ranks together
 * @param kvCacheBytes of one replica's pool
 * @param kvCacheType empty takes what the bundle asks for
 * @param blockTokens 16, 32 or 64
 * @param tensorParallel ranks that a replica is cut into
 * @param tensorParallelOf the same for models that are named here
 * @param rankCores processors of each rank, such as {@code 0-7,16}; empty for any
 * @param rankProcesses each rank has a process of its own
 * @param rankDeadline a step of ranks in processes that takes longer never comes back
 * @param rankStartDeadline a rank's process that takes longer to open never does
 */
public record RuntimeConfig(
        int threads,
        boolean spinning,
        long kvCacheBytes,
        Optional<KvType> kvCacheType,
        int blockTokens,
        int tensorParallel,
        Map<String, Integer> tensorParallelOf,
        List<String> rankCores,
        boolean rankProcesses,
        Duration rankDeadline,
        Duration rankStartDeadline) {
    public RuntimeConfig {
        tensorParallelOf = Map.copyOf(tensorParallelOf);
        rankCores = List.copyOf(rankCores);
        if (!rankCores.isEmpty() && rankCores.size() < tensorParallel) {
            throw new FailureException(new Failure.Invalid(
                    "belle.node.runtime.rank-cores",
                    "belle.node.runtime.rank-cores must name the processors of each of " + tensorParallel
                            + " ranks, but has " + rankCores.size() + " entries"));
        }
    }

    /** On one rank, in this process. */
    public RuntimeConfig(
            int threads, boolean spinning, long kvCacheBytes, Optional<KvType> kvCacheType, int blockTokens) {
        this(threads, spinning, kvCacheBytes, kvCacheType, blockTokens, 1, Map.of(), List.of(), false, Duration.ZERO, Duration.ZERO);
    }

    /** The same for one model, whose number of ranks may be its own. */
    RuntimeConfig of(String model) {
        return new RuntimeConfig(
                threads,
                spinning,
                kvCacheBytes,
                kvCacheType,
                blockTokens,
                tensorParallelOf.getOrDefault(model, tensorParallel),
                Map.of(),
                rankCores,
                rankProcesses,
                rankDeadline,
                rankStartDeadline);
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
                config.getInt("tensor-parallel"),
                degrees(config.getObject("tensor-parallel-of")),
                config.getStringList("rank-cores"),
                config.getBoolean("rank-processes"),
                config.getDuration("rank-deadline"),
                config.getDuration("rank-start-deadline"));
    }

    private static Map<String, Integer> degrees(ConfigObject byModel) {
        Map<String, Integer> degrees = new HashMap<>();
        byModel.unwrapped().forEach((model, degree) -> {
            if (!(degree instanceof Integer number)) {
                throw new FailureException(new Failure.Invalid(
                        "belle.node.runtime.tensor-parallel-of",
                        "belle.node.runtime.tensor-parallel-of must name a number of ranks for a model, but is "
                                + degree + " for " + model));
            }
            degrees.put(model, number);
        });
        return degrees;
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
