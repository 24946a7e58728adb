package belle.cli;

import ai.onnxruntime.OrtException;
import belle.bench.BenchSize;
import belle.bench.ClusterBench;
import belle.bench.EngineBench;
import belle.bench.LocalPort;
import belle.bench.Measurement;
import belle.bench.RankBench;
import belle.bench.ServerBench;
import belle.bench.ServerProcess;
import belle.datagen.IndexBench;
import belle.kernels.bench.KernelBench;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.Verification;
import belle.runtime.OpenModel;
import belle.runtime.RuntimeConfig;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code belle bench}: the whole server, alone or beside a peer, as ratios of one run. */
@Command(
        name = "bench",
        description =
                "Measures the whole server: streams, a long prompt, a second turn. With a peer, each measurement is "
                        + "taken of one after the other and the ratio printed; above 1 belle is better. With --kernels, the "
                        + "operators against what the machine's memory and arithmetic can do. With --engine, what a "
                        + "step costs in Java. With --cluster, what a cluster of processes costs and gives.")
final class BenchCommand implements Callable<Integer> {
    @Option(names = "--smoke", description = "Small sizes: checks that the bench runs, measures little.")
    private boolean smoke;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Option(names = "--kernels", description = "Measure the kernels against the machine's ceilings, and nothing else.")
    private boolean kernels;

    @Option(
            names = "--engine",
            description = "Measure the Java time of a step, and nothing else; with --model also its share of the step.")
    private boolean engine;

    @Option(
            names = "--cluster",
            description = "Measure a gateway and slow nodes as processes against one process, and nothing else.")
    private boolean cluster;

    @Option(
            names = "--memory",
            description = "Measure what one stream of 2,048 tokens takes of memory, and nothing else.")
    private boolean memory;

    @Option(
            names = "--ranks",
            description = "Measure what cutting a model into 2 ranks costs with the same threads, and nothing else.")
    private boolean ranks;

    @Option(
            names = "--similarity",
            description = "Measure what one more item costs data-gen's index, and nothing else.")
    private boolean similarity;

    @Option(
            names = "--model",
            paramLabel = "BUNDLE",
            description = "The bundle to serve; the embedded model if not given.")
    private @Nullable Path bundle;

    @Option(
            names = "--streams",
            paramLabel = "N[,N...]",
            converter = StreamCounts.Converter.class,
            description = "Numbers of streams at once (1,4,16,64).")
    private @Nullable StreamCounts streams;

    @Option(
            names = "--measure",
            paramLabel = "PART",
            split = ",",
            description = "What to measure of the server: ${COMPLETION-CANDIDATES}; all of it if not given.")
    private Set<ServerBench.Part> parts = EnumSet.allOf(ServerBench.Part.class);

    @ArgGroup(exclusive = false)
    private @Nullable Peer peer;

    @Spec
    private CommandSpec spec;

    /** Another server that speaks {@code /v1/completions}. */
    static final class Peer {
        @Option(
                names = "--peer-command",
                required = true,
                description = "Starts a peer in the foreground; {port} stands for the port it must listen on.")
        private String command;

        @Option(
                names = "--peer-health",
                defaultValue = "/health",
                description = "Its path that answers 200 when it is ready (${DEFAULT-VALUE}).")
        private String health;
    }

    /** One row of the result; {@code peer} and {@code ratio} are null when belle was measured alone. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Row(
            String name,
            String unit,
            double belle,
            @Nullable Double peer,
            @Nullable Double ratio) {
        static Row alone(Measurement own) {
            return new Row(own.name(), own.unit(), own.value(), null, null);
        }

        static Row beside(Measurement own, Measurement peer) {
            return new Row(own.name(), own.unit(), own.value(), peer.value(), own.ratioTo(peer));
        }
    }

    @Override
    public Integer call() throws Exception {
        if (kernels) {
            KernelBench.run(smoke, this::print);
            return 0;
        }
        if (similarity) {
            IndexBench.run(
                    smoke ? List.of(1000) : List.of(10_000, 100_000, 1_000_000),
                    spec.commandLine().getOut()::println);
            return 0;
        }
        if (ranks) {
            measureRanks();
            return 0;
        }
        if (engine) {
            measureEngine();
            return 0;
        }
        Path logs = Files.createTempDirectory("belle-bench");
        if (cluster) {
            var bench = new ClusterBench(OwnProcess::builder, logs, EmbeddedModel.tiny(), "belle-tiny", smoke);
            bench.routing().forEach(row -> print(Row.alone(row)));
            bench.throughput().forEach(row -> print(Row.alone(row)));
            return 0;
        }
        LocalPort port = LocalPort.free();
        try (var own = ServerProcess.start(own(port), port.at("/health/ready"), logs.resolve("belle.log"))) {
            note("belle was ready after " + String.format(Locale.ROOT, "%.1f s", own.startSeconds()));
            List<Row> rows = new ArrayList<>();
            Consumer<Row> measured = json ? rows::add : this::print;
            if (memory) {
                measureMemory(port, own, measured);
            } else if (peer == null) {
                alone(port, own, measured);
            } else {
                besidePeer(port, own, peer, logs, measured);
            }
            if (json) {
                Output.json(spec.commandLine().getOut(), Map.of("start_s", own.startSeconds(), "rows", rows));
            }
        }
        return 0;
    }

    private void measureEngine() {
        if (bundle == null) {
            EngineBench.run(smoke, Optional.empty(), this::print);
            return;
        }
        var config = RuntimeConfig.from(ConfigFactory.load().getConfig("belle.node.runtime"));
        try (var model = OpenModel.open(bundle, config)) {
            EngineBench.run(smoke, Optional.of(model), this::print);
        }
    }

    private void measureRanks() throws OrtException, IOException {
        Consumer<String> lines = spec.commandLine().getOut()::println;
        Path measured = bundle == null ? EmbeddedModel.tiny() : bundle;
        var config = RuntimeConfig.from(ConfigFactory.load().getConfig("belle.node.runtime"));
        new RankBench(measured, config, smoke).run(List.of(2), lines);
        RankBench.sums(smoke, lines);
    }

    private void alone(LocalPort port, ServerProcess own, Consumer<Row> measured) throws Exception {
        for (var task : connect(port).tasks(parts)) {
            task.call().forEach(row -> measured.accept(Row.alone(row)));
        }
        measured.accept(Row.alone(memory(own)));
    }

    private void measureMemory(LocalPort port, ServerProcess own, Consumer<Row> measured) throws Exception {
        connect(port).stream(smoke ? 128 : 2048);
        Path served = bundle == null ? EmbeddedModel.bundle().directory() : bundle;
        var size =
                BundleSize.of(Bundle.open(served, Verification.STRUCTURE_ONLY).manifest());
        measured.accept(Row.alone(new Measurement("files of the bundle", size.diskBytes() / 1e6, "MB", false)));
        measured.accept(Row.alone(new Measurement("resident memory", own.residentBytes() / 1e6, "MB", false)));
        measured.accept(Row.alone(memory(own)));
    }

    /** The two take turns, so that both meet the same state of the machine; the one that waits is idle. */
    private void besidePeer(LocalPort ownPort, ServerProcess own, Peer peer, Path logs, Consumer<Row> measured)
            throws Exception {
        LocalPort port = LocalPort.free();
        var command = new ProcessBuilder("bash", "-c", "exec " + peer.command.replace("{port}", port.toString()));
        try (var process = ServerProcess.start(command, port.at(peer.health), logs.resolve("peer.log"))) {
            note("the peer was ready after " + String.format(Locale.ROOT, "%.1f s", process.startSeconds()));
            var tasks = connect(ownPort).tasks(parts);
            var peerTasks = connect(port).tasks(parts);
            for (int i = 0; i < tasks.size(); i++) {
                var ours = tasks.get(i).call();
                var others = peerTasks.get(i).call();
                for (int j = 0; j < ours.size(); j++) {
                    measured.accept(Row.beside(ours.get(j), others.get(j)));
                }
            }
            measured.accept(Row.beside(memory(own), memory(process)));
        }
    }

    private static Measurement memory(ServerProcess process) throws IOException {
        return new Measurement("anonymous memory at the end", process.anonymousBytes() / 1e6, "MB", false);
    }

    private ServerBench connect(LocalPort port) throws IOException, InterruptedException {
        String model;
        try (var client = new ChatClient(port.at("/"))) {
            model = client.firstModel();
        }
        BenchSize size = smoke ? BenchSize.SMOKE : BenchSize.WHOLE;
        return ServerBench.connect(port.at("/"), model, streams == null ? size : size.withLevels(streams.counts()));
    }

    private ProcessBuilder own(LocalPort port) {
        List<String> arguments = new ArrayList<>(List.of("up", "--port", port.toString()));
        if (bundle != null) {
            arguments.addAll(List.of("--model", bundle.toString()));
        }
        return OwnProcess.builder(arguments);
    }

    private void print(Row row) {
        String peer = row.peer() == null || row.ratio() == null
                ? ""
                : String.format(Locale.ROOT, "  peer %9.2f  ratio %5.2f", row.peer(), row.ratio());
        spec.commandLine()
                .getOut()
                .println(String.format(Locale.ROOT, "%-34s %9.2f %-9s", row.name(), row.belle(), row.unit()) + peer);
    }

    private void print(EngineBench.Row row) {
        var out = spec.commandLine().getOut();
        if (json) {
            Output.json(out, row);
            return;
        }
        String share = row.share()
                .map(part -> String.format(Locale.ROOT, "  %6.2f %% of the step", 100 * part))
                .orElse("");
        out.println(String.format(
                        Locale.ROOT,
                        "%-20s %3d sequences %10.1f us",
                        row.sampling(),
                        row.sequences(),
                        row.engineMicros())
                + share);
    }

    private void print(belle.kernels.bench.Measurement row) {
        if (json) {
            Output.json(spec.commandLine().getOut(), row);
        } else {
            spec.commandLine().getOut().println(row.line());
        }
    }

    private void note(String text) {
        spec.commandLine().getErr().println("belle: " + text);
    }
}
