package belle.runtime;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigObject;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How a model is cut into ranks; see {@code belle.node.runtime} in {@code reference.conf}.
 *
 * @param degree how many
 * @param degreeOf the same for models that are named here
 * @param cores processors of each rank, such as {@code 0-7,16}; empty for any
 * @param processes each rank has a process of its own
 * @param deadline a step of ranks in processes that takes longer never comes back
 * @param startDeadline a rank's process that takes longer to open never does
 */
public record RankConfig(
        int degree,
        Map<String, Integer> degreeOf,
        List<String> cores,
        boolean processes,
        Duration deadline,
        Duration startDeadline) {
    /** One, in this process. */
    public static final RankConfig ONE = new RankConfig(1, Map.of(), List.of(), false, Duration.ZERO, Duration.ZERO);

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

    /** The same for one model, whose degree may be its own. */
    RankConfig of(String model) {
        return new RankConfig(
                degreeOf.getOrDefault(model, degree), Map.of(), cores, processes, deadline, startDeadline);
    }
}
