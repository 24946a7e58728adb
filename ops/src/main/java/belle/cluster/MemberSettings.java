package belle.cluster;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Turns {@code belle.cluster} into the actor system's own settings. */
public final class MemberSettings {
    static final String KEY_FILE = "tls.key";
    static final String CERTIFICATE_FILE = "tls.crt";
    static final String CA_FILE = "ca.crt";

    private MemberSettings() {}

    /**
     * Returns the whole configuration of a member.
     *
     * @param own application.conf, the file that was named, environment and flags; goes before all that is added here
     * @param role of the member in its cluster
     * @param version of the program, shown to other members
     * @throws FailureException for what cannot be used, or must not be without TLS
     */
    public static Config of(Config own, String role, String version) {
        ClusterConfig config = ClusterConfig.of(own.withFallback(ConfigFactory.defaultReference())
                .withFallback(ConfigFactory.defaultOverrides())
                .resolve());
        refuseOpenDoor(config);
        Config profile = switch (config.profile()) {
            case DEFAULT -> ConfigFactory.empty();
            case FAST -> ConfigFactory.parseResources("cluster-fast.conf");
        };
        // What belle.cluster says stands before the same said in Pekko's words by application.conf.
        Config layered = ConfigFactory.parseMap(derived(config, role, version))
                .withFallback(own)
                .withFallback(profile)
                .withFallback(ConfigFactory.parseResources("cluster-default.conf"));
        return ConfigFactory.load(layered);
    }

    /** Returns a configuration of a single process with a management endpoint on this machine. */
    public static Config managed(Config config, int port, String version) {
        return ConfigFactory.parseMap(Map.of(
                        "pekko.cluster.app-version",
                        version,
                        "pekko.management.http.hostname",
                        "127.0.0.1",
                        "pekko.management.http.port",
                        port,
                        "pekko.management.http.routes.cluster-bootstrap",
                        ""))
                .withFallback(config)
                .withFallback(
                        ConfigFactory.parseResources("cluster-default.conf").withOnlyPath("pekko.management"));
    }

    private static Map<String, Object> derived(ClusterConfig config, String role, String version) {
        Map<String, Object> settings = new HashMap<>();
        settings.put("pekko.remote.artery.canonical.hostname", config.host());
        settings.put("pekko.remote.artery.canonical.port", config.port());
        settings.put("pekko.cluster.roles", List.of(role));
        settings.put("pekko.cluster.app-version", version);
        settings.put(
                "pekko.cluster.shutdown-after-unsuccessful-join-seed-nodes",
                config.joinDeadline().toMillis() + " ms");
        settings.put("pekko.management.http.hostname", config.managementHost());
        settings.put("pekko.management.http.port", config.managementPort());
        config.tlsDirectory().ifPresent(directory -> settings.putAll(tls(directory)));
        switch (config.discovery()) {
            case SEEDS -> settings.put("pekko.management.http.routes.cluster-bootstrap", "");
            case DNS -> settings.putAll(bootstrap(config, "pekko-dns"));
            case KUBERNETES -> settings.putAll(bootstrap(config, "kubernetes-api"));
            case CONFIG -> {
                settings.putAll(bootstrap(config, "config"));
                // Several members on one machine have a port each.
                settings.put("pekko.management.cluster.bootstrap.contact-point.filter-on-fallback-port", false);
            }
        }
        return settings;
    }

    private static Map<String, Object> bootstrap(ClusterConfig config, String method) {
        String path = "pekko.management.cluster.bootstrap.contact-point-discovery.";
        return Map.of(
                "pekko.discovery.method",
                method,
                path + "service-name",
                config.service(),
                path + "port-name",
                config.portName(),
                path + "required-contact-point-nr",
                config.requiredContactPoints());
    }

    private static Map<String, Object> tls(Path directory) {
        String engine = "pekko.remote.artery.ssl.rotating-keys-engine.";
        return Map.of(
                "pekko.remote.artery.transport",
                "tls-tcp",
                "pekko.remote.artery.ssl.ssl-engine-provider",
                "org.apache.pekko.remote.artery.tcp.ssl.RotatingKeysSSLEngineProvider",
                engine + "key-file",
                present(directory, KEY_FILE),
                engine + "cert-file",
                present(directory, CERTIFICATE_FILE),
                engine + "ca-cert-file",
                present(directory, CA_FILE));
    }

    private static String present(Path directory, String name) {
        Path file = directory.resolve(name);
        if (!Files.isReadable(file)) {
            throw new FailureException(new Failure.Invalid(
                    "belle.cluster.tls.directory", file + ": no such file, or it cannot be read; TLS needs it"));
        }
        return file.toString();
    }

    /** Whoever can talk to a member can make it do anything. */
    private static void refuseOpenDoor(ClusterConfig config) {
        try {
            boolean local = InetAddress.getByName(config.host()).isLoopbackAddress();
            if (!local && config.tlsDirectory().isEmpty() && !config.insecure()) {
                throw new FailureException(new Failure.Invalid(
                        "host",
                        "members on " + config.host() + " can be reached from other machines and would trust anybody;"
                                + " name a folder with keys (--tls DIR), or say --insecure"));
            }
        } catch (UnknownHostException e) {
            throw new FailureException(
                    new Failure.Invalid("host", "'" + config.host() + "' is no address of this machine"), e);
        }
    }
}
