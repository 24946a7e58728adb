package belle.cluster;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigValueType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What a member is told; the keys of {@code belle.cluster}, explained in {@code reference.conf}. */
public record ClusterConfig(
        String host,
        int port,
        boolean insecure,
        Discovery discovery,
        List<String> seeds,
        String service,
        String portName,
        int requiredContactPoints,
        Duration joinDeadline,
        Profile profile,
        Optional<Path> tlsDirectory,
        String managementHost,
        int managementPort) {
    /** How members find each other. */
    public enum Discovery {
        SEEDS,
        DNS,
        KUBERNETES,
        CONFIG
    }

    /** How soon a crash is noticed. */
    public enum Profile {
        DEFAULT,
        FAST
    }

    public ClusterConfig {
        seeds = List.copyOf(seeds);
    }

    /**
     * Reads {@code belle.cluster}.
     *
     * @throws FailureException naming the key whose value is wrong
     */
    public static ClusterConfig of(Config whole) {
        Config config = whole.getConfig("belle.cluster");
        try {
            return new ClusterConfig(
                    config.getString("host"),
                    config.getInt("port"),
                    config.getBoolean("insecure"),
                    oneOf(Discovery.class, config, "discovery"),
                    texts(config, "seeds"),
                    config.getString("service"),
                    config.getString("port-name"),
                    config.getInt("required-contact-points"),
                    config.getDuration("join-deadline"),
                    oneOf(Profile.class, config, "profile"),
                    Optional.of(config.getString("tls.directory"))
                            .filter(text -> !text.isEmpty())
                            .map(Path::of),
                    config.getString("management.host"),
                    config.getInt("management.port"));
        } catch (ConfigException.BadValue | ConfigException.WrongType e) {
            throw new FailureException(new Failure.Invalid("belle.cluster", String.valueOf(e.getMessage())), e);
        }
    }

    /** Reads a list, or a text with commas, as an environment variable has it. */
    public static List<String> texts(Config config, String key) {
        if (config.getValue(key).valueType() == ConfigValueType.LIST) {
            return config.getStringList(key);
        }
        return Arrays.stream(config.getString(key).split(",", -1))
                .map(String::strip)
                .filter(text -> !text.isEmpty())
                .toList();
    }

    private static <E extends Enum<E>> E oneOf(Class<E> values, Config config, String key) {
        String text = config.getString(key);
        for (E value : values.getEnumConstants()) {
            if (name(value).equals(text)) {
                return value;
            }
        }
        String known = String.join(
                ", ",
                Arrays.stream(values.getEnumConstants())
                        .map(ClusterConfig::name)
                        .toList());
        throw new FailureException(new Failure.Invalid(
                "belle.cluster." + key, "belle.cluster." + key + " must be one of " + known + ", but is " + text));
    }

    static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
