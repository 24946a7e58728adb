package belle.cli;

import belle.cluster.Membership;
import belle.node.Node;
import belle.node.NodeConfig;
import belle.node.OpeningModels;
import belle.proto.node.NodeLookup;
import com.typesafe.config.Config;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
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

/** {@code belle node}: computes models for a cluster's gateways, until SIGTERM or Ctrl-C. */
@Command(
        name = "node",
        description = "Computes models for the gateways of a cluster, and prints its address when it serves.")
final class NodeCommand implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(NodeCommand.class);

    @Option(
            names = "--model",
            paramLabel = "BUNDLE",
            arity = "1..*",
            description = "Bundles to serve; the small embedded model if none is named.")
    private List<Path> models = List.of();

    @Option(names = "--host", description = "The same as --cluster-host.")
    private @Nullable String host;

    @Mixin
    private MemberOptions member;

    @Mixin
    private RuntimeOptions runtime;

    @Mixin
    private ReplicaOptions replicas;

    @Mixin
    private JournalOptions journal;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException, ExecutionException {
        LOG.debug("starting"); // The logging system is set up here, before any thread that logs.
        Map<String, @Nullable Object> flags = new HashMap<>();
        if (host != null) {
            flags.put("belle.cluster.host", host);
        }
        Config config =
                journal.over(replicas.over(runtime.over(member.config(Node.ROLE, Collections.unmodifiableMap(flags)))));
        NodeConfig node = NodeConfig.from(config);
        var opening = OpeningModels.begin(EmbeddedModel.unlessNamed(models, node.models()), node.runtime());
        return MemberProcess.run(config, (system, cluster, management) -> {
            var serving = Node.start(system, node, opening, () -> Membership.join(system, cluster))
                    .toCompletableFuture()
                    .get();
            spec.commandLine()
                    .getOut()
                    .printf(
                            Locale.ROOT,
                            "%s is ready after %.1f s, serving %s; management %s%n",
                            NodeLookup.hostPort(Cluster.get(system).selfMember().address()),
                            MemberProcess.secondsSinceStart(),
                            EmbeddedModel.names(serving.models()),
                            management);
        });
    }
}
