package belle.cli;

import belle.bench.HealthCheck;
import belle.cluster.MemberSettings;
import belle.gateway.Gateway;
import belle.gateway.GatewayConfig;
import belle.node.Node;
import belle.node.NodeConfig;
import belle.node.OpeningModels;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.node.NodeQuery.ModelInfo;
import belle.proto.trace.TraceSpan;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code belle up}: gateway and node in one JVM, a cluster of one, until SIGTERM or Ctrl-C. */
@Command(
        name = "up",
        description = "Serves models on this machine, and prints the URL when the first token was generated.")
final class UpCommand implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(UpCommand.class);
    private static final Duration READY_LIMIT = Duration.ofSeconds(60);

    @Option(
            names = "--model",
            paramLabel = "BUNDLE",
            arity = "1..*",
            description = "Bundles to serve; the small embedded model if none is named.")
    private List<Path> models = List.of();

    @Option(names = "--host", description = "Address to listen on (127.0.0.1); 0.0.0.0 for all.")
    private @Nullable String host;

    @Option(names = "--port", description = "Port to listen on (8080); 0 takes a free one.")
    private @Nullable Integer port;

    @Option(
            names = "--management-port",
            description = "Port of a management endpoint on 127.0.0.1; 0 takes a free one. None if not given.")
    private @Nullable Integer managementPort;

    @Option(names = "--data", paramLabel = "DIR", description = "A folder for what the server keeps: its log.")
    private @Nullable Path data;

    @Option(names = "--config", paramLabel = "FILE", description = "Settings in HOCON; flags go before them.")
    private @Nullable Path file;

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
        if (data != null) {
            LogFile.attach(Files.createDirectories(data).resolve("belle.log"));
        }
        Config config = config();
        GatewayConfig gateway = GatewayConfig.of(config);
        Ports.refuseTaken(gateway.host(), gateway.port(), "--port");
        NodeConfig node = NodeConfig.from(config);
        TraceSpan.configure(config);
        // Begun first: reading a model and starting the actors take about as long as each other.
        var opening = OpeningModels.begin(EmbeddedModel.unlessNamed(models, node.models()), node.runtime());
        var system = ActorSystem.create(Behaviors.empty(), "belle", config);
        var ended = MemberProcess.ended(system);
        try {
            var serving = Node.start(system, node, opening);
            var listening = Gateway.start(system, gateway);
            var models = serving.toCompletableFuture().get().models();
            int bound = listening.toCompletableFuture().get().address().getPort();
            String url = "http://" + (gateway.host().equals("0.0.0.0") ? "127.0.0.1" : gateway.host()) + ":" + bound;
            awaitReady(url);
            if (models.stream().anyMatch(ModelInfo::embedded)) {
                LOG.info("serving the embedded model, which writes classical quatrains and knows famous lines; "
                        + "name another bundle with --model");
            }
            String names = EmbeddedModel.names(models);
            String management = managementPort == null ? "" : "; management " + MemberProcess.manage(system);
            spec.commandLine()
                    .getOut()
                    .printf(
                            Locale.ROOT,
                            "%s is ready after %.1f s, serving %s%s%n",
                            url,
                            MemberProcess.secondsSinceStart(),
                            names,
                            management);
        } catch (ExecutionException | RuntimeException e) {
            system.terminate();
            system.getWhenTerminated().toCompletableFuture().get();
            throw e;
        }
        ended.toCompletableFuture().get();
        MemberProcess.refuseHungStep(system);
        return 0;
    }

    /** The gateway hears of the node's models a moment after the node has them; nobody is told the URL before. */
    private static void awaitReady(String url) throws InterruptedException {
        if (!HealthCheck.await(URI.create(url + "/health/ready"), READY_LIMIT, () -> true)) {
            throw new FailureException(new Failure.Unavailable(
                    "the gateway did not hear of the models within " + READY_LIMIT.toSeconds() + " s"));
        }
    }

    private Config config() throws IOException {
        Config config = journal.over(replicas.over(runtime.over(ConfigFactory.load(ConfigFile.over(file)))));
        if (host != null) {
            config = config.withValue("belle.gateway.host", ConfigValueFactory.fromAnyRef(host));
        }
        if (managementPort != null) {
            Ports.refuseTaken("127.0.0.1", managementPort, "--management-port");
            config = MemberSettings.managed(config, managementPort, Version.text());
        }
        return port == null ? config : config.withValue("belle.gateway.port", ConfigValueFactory.fromAnyRef(port));
    }
}
