package belle.cli;

import belle.cluster.Membership;
import belle.gateway.Gateway;
import belle.gateway.GatewayConfig;
import belle.proto.node.NodeLookup;
import com.typesafe.config.Config;
import java.io.IOException;
import java.util.Collections;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.pekko.cluster.typed.Cluster;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code belle gateway}: the HTTP interface of a cluster, without a model of its own, until SIGTERM or Ctrl-C. */
@Command(
        name = "gateway",
        description = "Serves a cluster's models over HTTP, and prints the URL when it listens; see also 'belle node'.")
final class GatewayCommand implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(GatewayCommand.class);
    static final String ROLE = "gateway";

    @Option(names = "--host", description = "Address to listen on for clients (127.0.0.1); 0.0.0.0 for all.")
    private @Nullable String host;

    @Option(names = "--port", description = "Port to listen on for clients (8080); 0 takes a free one.")
    private @Nullable Integer port;

    @Mixin
    private MemberOptions member;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException, ExecutionException {
        LOG.debug("starting"); // The logging system is set up here, before any thread that logs.
        Map<String, @Nullable Object> flags = new HashMap<>();
        flags.put("belle.gateway.host", host);
        flags.put("belle.gateway.port", port);
        Config config = member.config(ROLE, Collections.unmodifiableMap(flags));
        GatewayConfig gateway = GatewayConfig.of(config);
        Ports.refuseTaken(gateway.host(), gateway.port(), "--port");
        return MemberProcess.run(config, (system, cluster, management) -> {
            Membership.join(system, cluster);
            int bound = Gateway.start(system, gateway)
                    .toCompletableFuture()
                    .get()
                    .address()
                    .getPort();
            String shown = gateway.host().equals("0.0.0.0") ? "127.0.0.1" : gateway.host();
            spec.commandLine()
                    .getOut()
                    .printf(
                            Locale.ROOT,
                            "http://%s:%d is up after %.1f s; cluster %s, management %s%n",
                            shown,
                            bound,
                            MemberProcess.secondsSinceStart(),
                            NodeLookup.hostPort(Cluster.get(system).selfMember().address()),
                            management);
        });
    }
}
