package belle.runtime;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigObject;
import java.util.HashMap;
import java.util.Map;

/**
 * How many replicas of a model a node has; see {@code belle.node.runtime} in {@code reference.conf}.
 *
 * @param each of every model, at least 1
 * @param of the same for models that are named here
 */
public record ReplicaCount(int each, Map<String, Integer> of) {
    static final ReplicaCount ONE = new ReplicaCount(1, Map.of());

    public ReplicaCount {
        of = Map.copyOf(of);
        atLeastOne("belle.node.runtime.replicas", each);
        of.forEach((model, number) -> atLeastOne("belle.node.runtime.replicas-of." + model, number));
    }

    static ReplicaCount from(Config config) {
        return new ReplicaCount(config.getInt("replicas"), numbers(config.getObject("replicas-of"), "replicas-of"));
    }

    int of(String model) {
        return of.getOrDefault(model, each);
    }

    /** Reads a number for each of some models. */
    static Map<String, Integer> numbers(ConfigObject byModel, String key) {
        Map<String, Integer> numbers = new HashMap<>();
        byModel.unwrapped().forEach((model, value) -> {
            if (!(value instanceof Integer number)) {
                String name = "belle.node.runtime." + key;
                throw new FailureException(new Failure.Invalid(
                        name, name + " must name a whole number for a model, but is " + value + " for " + model));
            }
            numbers.put(model, number);
        });
        return numbers;
    }

    private static void atLeastOne(String key, int number) {
        if (number < 1) {
            throw new FailureException(new Failure.Invalid(key, key + " must be at least 1, but is " + number));
        }
    }
}
