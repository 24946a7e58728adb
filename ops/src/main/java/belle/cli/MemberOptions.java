package belle.cli;

import belle.cluster.ClusterConfig;
import belle.cluster.MemberSettings;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Flags of every process that is a member of a cluster; they go before {@code belle.cluster}. */
final class MemberOptions {
    private static final String MODELS = "belle.node.models";

    @Option(names = "--cluster-host", description = "Address under which other members reach this one (127.0.0.1).")
    private @Nullable String clusterHost;

    @Option(
            names = "--cluster-port",
            description = "Port under which other members reach this one; 0 takes a free one.")
    private @Nullable Integer clusterPort;

    @Option(
            names = "--seed",
            paramLabel = "HOST:PORT",
            arity = "1..*",
            description = "Members to join, the same everywhere; without any this process begins a cluster.")
    private List<String> seeds = List.of();

    @Option(names = "--discovery", description = "How members find each other: seeds, dns, kubernetes or config.")
    private @Nullable String discovery;

    @Option(names = "--service", description = "The name that members are found under (belle).")
    private @Nullable String service;

    @Option(names = "--management-host", description = "Address of the management endpoint (127.0.0.1).")
    private @Nullable String managementHost;

    @Option(names = "--management-port", description = "Port of the management endpoint; 0 takes a free one.")
    private @Nullable Integer managementPort;

    @Option(names = "--tls", paramLabel = "DIR", description = "Folder with tls.key, tls.crt and ca.crt, for members.")
    private @Nullable Path tls;

    @Option(names = "--insecure", description = "Listen for members on other machines without TLS.")
    private boolean insecure;

    @Option(
            names = "--fast-failover",
            description = "Answer a crash in 7 s in place of 9 s; puts slow members out sooner.")
    private boolean fastFailover;

    @Option(names = "--config", paramLabel = "FILE", description = "Settings in HOCON; flags go before them.")
    private @Nullable Path file;

    @Option(names = "--data", paramLabel = "DIR", description = "A folder for what the process keeps: its log.")
    private @Nullable Path data;

    /**
     * Returns the whole configuration of a member.
     *
     * @param more further flags, by key; those without a value are null
     */
    Config config(String role, Map<String, ? extends @Nullable Object> more) throws IOException {
        if (data != null) {
            LogFile.attach(Files.createDirectories(data).resolve("belle.log"));
        }
        Map<String, Object> flags = new HashMap<>();
        put(flags, "belle.cluster.host", clusterHost);
        put(flags, "belle.cluster.port", clusterPort);
        put(flags, "belle.cluster.seeds", seeds.isEmpty() ? null : seeds);
        put(flags, "belle.cluster.discovery", discovery);
        put(flags, "belle.cluster.service", service);
        put(flags, "belle.cluster.management.host", managementHost);
        put(flags, "belle.cluster.management.port", managementPort);
        put(flags, "belle.cluster.tls.directory", tls == null ? null : tls.toString());
        put(flags, "belle.cluster.insecure", insecure ? true : null);
        put(flags, "belle.cluster.profile", fastFailover ? "fast" : null);
        more.forEach((key, value) -> put(flags, key, value));
        Config own = ConfigFactory.parseMap(flags)
                .withFallback(ConfigFactory.parseResources("environment.conf"))
                .withFallback(ConfigFile.over(file))
                .withFallback(ConfigFactory.parseResources("cluster-" + role + ".conf"));
        Config whole = MemberSettings.of(own, role, Version.text());
        return whole.withValue(MODELS, ConfigValueFactory.fromIterable(ClusterConfig.texts(whole, MODELS)));
    }

    private static void put(Map<String, Object> flags, String key, @Nullable Object value) {
        if (value != null) {
            flags.put(key, value);
        }
    }
}
