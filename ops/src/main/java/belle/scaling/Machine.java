package belle.scaling;

import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.bundle.WeightType;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueType;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the processors of a rank, and of a node's ranks together, can do; {@code belle/scaling/machine.conf} has the keys, the defaults
 * and what is known of each.
 */
public final class Machine {
    private static final int[] ROWS = {4, 16, 64, 512};

    private final String name;
    private final Map<String, Fact> facts;

    private Machine(String name, Map<String, Fact> facts) {
        this.name = name;
        this.facts = Collections.unmodifiableMap(facts);
    }

    /** The machine that the project's figures of quantised models were measured on. */
    public static Machine standard() {
        Config config = ConfigFactory.parseResources(Machine.class.getClassLoader(), "belle/scaling/machine.conf")
                .resolve();
        Map<String, Fact> facts = new TreeMap<>();
        config.withoutPath("name").root().keySet().forEach(key -> facts.put(key, fact(key, config.getConfig(key))));
        return new Machine(config.getString("name"), facts);
    }

    /**
     * Returns this machine with some facts replaced: a key with a number, or with an object of {@code value}, {@code origin} and
     * {@code note}; {@code name} says what it is.
     *
     * @throws FailureException naming a key that there is not, or a value that is not a positive number
     */
    public Machine with(Config config) {
        Map<String, Fact> changed = new LinkedHashMap<>(facts);
        config.root().keySet().forEach(key -> {
            if (!key.equals("name")) {
                if (!facts.containsKey(key)) {
                    throw refused(key, "is not known; there are " + String.join(", ", facts.keySet()));
                }
                changed.put(key, read(key, config));
            }
        });
        return new Machine(config.hasPath("name") ? config.getString("name") : name, changed);
    }

    private static Fact read(String key, Config config) {
        try {
            return config.getValue(key).valueType() == ConfigValueType.OBJECT
                    ? fact(key, config.getConfig(key))
                    : new Fact(positive(key, config.getDouble(key)), Fact.Origin.GIVEN, "");
        } catch (ConfigException e) {
            throw refused(key, "must be a number, or an object of value, origin and note: " + e.getMessage());
        }
    }

    private static Fact fact(String key, Config config) {
        Fact.Origin origin = config.hasPath("origin") ? config.getEnum(Fact.Origin.class, "origin") : Fact.Origin.GIVEN;
        return new Fact(
                positive(key, config.getDouble("value")),
                origin,
                config.hasPath("note") ? config.getString("note") : "");
    }

    private static double positive(String key, double value) {
        if (!(value > 0 && Double.isFinite(value))) {
            throw refused(key, "must be a number above 0, but is " + value);
        }
        return value;
    }

    private static FailureException refused(String key, String what) {
        return new FailureException(new Failure.Invalid("machine", "the machine's " + key + " " + what));
    }

    public String name() {
        return name;
    }

    /** All numbers by their keys. */
    public Map<String, Fact> facts() {
        return facts;
    }

    /** Bytes a second that one of {@code ranks} reads while all do. */
    double readBytes(int ranks) {
        return 1e9 * Math.min(value("rank-read-gb"), value("node-read-gb") / ranks);
    }

    /** Of {@link #readBytes}, what a product of few rows reads. */
    double readShare(WeightType type) {
        return value(label(type) + "-read-share");
    }

    /** Of {@link #readBytes}, what attention of new tokens reads. */
    double cacheShare() {
        return value("attention-read-share");
    }

    /** Operations a second of attention with many new tokens. */
    double attentionOperations() {
        return 1e9 * value("attention-gops");
    }

    /** Operations a second of a rank's product with {@code rows} rows; between the measured numbers of rows in proportion to log(rows). */
    double operations(WeightType type, int rows) {
        int above = 0;
        while (above < ROWS.length && ROWS[above] < rows) {
            above++;
        }
        if (above == 0 || above == ROWS.length) {
            return atRows(type, ROWS[Math.min(above, ROWS.length - 1)]);
        }
        double part = Math.log((double) rows / ROWS[above - 1]) / Math.log((double) ROWS[above] / ROWS[above - 1]);
        return (1 - part) * atRows(type, ROWS[above - 1]) + part * atRows(type, ROWS[above]);
    }

    private double atRows(WeightType type, int rows) {
        return 1e9 * value(label(type) + "-gops-" + rows);
    }

    private static String label(WeightType type) {
        return type.label().toLowerCase(Locale.ROOT);
    }

    /** Seconds that ranks lose each time that they meet. */
    double meeting(int ranks) {
        return ranks == 1 ? 0 : 1e-6 * value("all-reduce-" + ranks + "-micros");
    }

    /** Bytes a second that a rank copies and adds while ranks meet. */
    double collectiveBytes() {
        return 1e9 * value("all-reduce-gb");
    }

    /** Seconds of a layer beside its products, its attention and its sums. */
    double layer() {
        return 1e-6 * value("layer-micros");
    }

    /** Seconds of a step beside its layers. */
    double step() {
        return 1e-6 * value("step-micros");
    }

    /** Seconds that drawing a token takes, which no rank shares. */
    double draw() {
        return 1e-6 * value("draw-micros");
    }

    /** Seconds that a gateway adds to the first token. */
    double gateway() {
        return 1e-6 * value("gateway-micros");
    }

    private double value(String key) {
        Fact fact = facts.get(key);
        if (fact == null) {
            throw refused(key, "is not known: nothing was measured and nothing given");
        }
        return fact.value();
    }
}
