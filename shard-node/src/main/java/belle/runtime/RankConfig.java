package belle.runtime;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.typesafe.config.Config;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * How a model is cut into ranks; see {@code belle.node.runtime} in {@code reference.conf}.
 *
 * @param degree how many
 * @param degreeOf the same for models that are named here
 * @param cores processors of each rank, such as {@code 0-7,16}; empty for any
 * @param weights where they have their weights
 * @param processes each rank has a process of its own
 * @param deadline a step of ranks in processes that takes longer never comes back
 * @param startDeadline a rank's process that takes longer to open never does
 */
public record RankConfig(
        int degree,
        Map<String, Integer> degreeOf,
        List<String> cores,
        RankWeights weights,
        boolean processes,
        Duration deadline,
        Duration startDeadline) {
    /** One, in this process. */
    public static final RankConfig ONE =
            new RankConfig(1, Map.of(), List.of(), RankWeights.AUTO, false, Duration.ZERO, Duration.ZERO);

    public RankConfig {
        degreeOf = Map.copyOf(degreeOf);
        cores = List.copyOf(cores);
        if (!cores.isEmpty() && cores.size() < degree) {
            throw new FailureException(new Failure.Invalid(
                    "belle.node.runtime.rank-cores",
                    "belle.node.runtime.rank-cores must name the processors of each of " + degree + " ranks, but has "
                            + cores.size() + " entries"));
        }
    }

    static RankConfig from(Config config) {
        return new RankConfig(
                config.getInt("tensor-parallel"),
                ReplicaCount.numbers(config.getObject("tensor-parallel-of"), "tensor-parallel-of"),
                config.getStringList("rank-cores"),
                RankWeights.of(config.getString("rank-weights")),
                config.getBoolean("rank-processes"),
                config.getDuration("rank-deadline"),
                config.getDuration("rank-start-deadline"));
    }

    /** The same for one model, whose degree may be its own. */
    RankConfig of(String model) {
        return new RankConfig(
                degreeOf.getOrDefault(model, degree), Map.of(), cores, weights, processes, deadline, startDeadline);
    }

    /** The same for one replica of several, which has processors of its own. */
    RankConfig ofReplica(int replica, int replicas) {
        if (cores.isEmpty() || replicas == 1) {
            return this;
        }
        if (cores.size() < replicas * degree) {
            throw new FailureException(new Failure.Invalid(
                    "belle.node.runtime.rank-cores",
                    "belle.node.runtime.rank-cores must name the processors of each of " + degree + " ranks of "
                            + replicas + " replicas, but has " + cores.size() + " entries"));
        }
        List<String> own = cores.subList(replica * degree, (replica + 1) * degree);
        return new RankConfig(degree, Map.of(), own, weights, processes, deadline, startDeadline);
    }
}
