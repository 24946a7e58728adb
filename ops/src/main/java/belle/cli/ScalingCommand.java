package belle.cli;

import belle.engine.EngineConfig;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.KvType;
import belle.proto.bundle.Verification;
import belle.proto.bundle.WeightType;
import belle.scaling.Machine;
import belle.scaling.MeasuredRun;
import belle.scaling.ModelShape;
import belle.scaling.Outcome;
import belle.scaling.Replica;
import belle.scaling.Simulation;
import belle.scaling.Traffic;
import belle.scaling.Traffic.Arrivals;
import belle.scaling.Traffic.Load;
import belle.scaling.Traffic.Streams;
import belle.scaling.Traffic.Window;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code belle scaling}: what clusters that are not at hand would give. */
@Command(
        name = "scaling",
        description =
                "Simulates nodes of one or several ranks: tokens a second, waiting times, memory, and what limits them. "
                        + "The engine and the choice of nodes are the real ones; how long a step takes is calculated from a "
                        + "description of the machine, which is printed with the result.")
final class ScalingCommand implements Callable<Integer> {
    private static final long GIB = 1L << 30;

    @Option(
            names = "--shape",
            split = ",",
            description = "llama-1b, bloom-7b, llama-7b or llama-13b (llama-7b,llama-13b).")
    private List<String> shapes = List.of("llama-7b", "llama-13b");

    @Option(names = "--model", paramLabel = "BUNDLE", description = "A bundle's shape and types in place of --shape.")
    private @Nullable Path bundle;

    @Option(names = "--weights", description = "Of the layers' matrices: f16, q8 or q4 (q4).")
    private String weights = "q4";

    @Option(names = "--head", description = "Of the head: f16 or q8 (f16).")
    private String head = "f16";

    @Option(names = "--group", description = "Inputs that share a scale: 32, 64 or 128 (128).")
    private int group = 128;

    @Option(names = "--kv-cache", description = "Element type of the key/value cache: f32, f16 or q8 (f16).")
    private String kvCache = "f16";

    @Option(names = "--kv-cache-gib", description = "Memory of the cache, for each rank (4).")
    private double cacheGib = 4;

    @Option(names = "--ranks", split = ",", description = "Ranks that a model is cut into: 1, 2, 4 or 8 (1,2,4,8).")
    private List<Integer> ranks = List.of(1, 2, 4, 8);

    @Option(names = "--nodes", split = ",", description = "Nodes, each with a whole model, up to 1024 (1,4,16,64).")
    private List<Integer> nodes = List.of(1, 4, 16, 64);

    @Option(names = "--streams", description = "Streams at once, all the time, for each node (16).")
    private int streams = 16;

    @Option(names = "--arrivals", description = "In place of --streams: requests a second, at random, for each node.")
    private @Nullable Double arrivals;

    @Option(names = "--prompt-tokens", description = "At the mean; lengths are half to one and a half of it (256).")
    private int promptTokens = 256;

    @Option(names = "--answer-tokens", description = "The same of answers (128).")
    private int answerTokens = 128;

    @Option(names = "--warm-up", description = "Simulated seconds before anything is counted (120).")
    private double warmUp = 120;

    @Option(names = "--seconds", description = "Simulated seconds that are counted (600).")
    private double seconds = 600;

    @Option(names = "--seed", description = "Decides lengths and arrivals (1).")
    private long seed = 1;

    @Option(
            names = "--machine",
            paramLabel = "FILE",
            description = "HOCON or JSON with facts of the machine that are not the standard ones.")
    private @Nullable Path machineFile;

    @Option(names = "--set", paramLabel = "FACT=NUMBER", description = "One such fact; may be given several times.")
    private Map<String, Double> facts = Map.of();

    @Option(
            names = "--validate",
            description = "Simulates what was measured on the standard machine, and nothing else.")
    private boolean validate;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Config config = ConfigFactory.load().getConfig("belle.node");
        EngineConfig engine = EngineConfig.from(config.getConfig("engine"));
        int blockTokens = config.getInt("runtime.block-tokens");
        Machine machine = machine();
        var report = new ScalingReport(spec.commandLine().getOut(), machine);
        if (validate) {
            List<ScalingReport.Check> checks = MeasuredRun.all().stream()
                    .map(run -> new ScalingReport.Check(run, run.simulate(machine, engine, blockTokens)))
                    .toList();
            report.checks(checks, json);
            return 0;
        }
        Traffic traffic = traffic(engine);
        if (json) {
            List<ScalingReport.Row> rows = new ArrayList<>();
            simulate(traffic, machine, engine, blockTokens, rows::add);
            report.json(rows, traffic);
        } else {
            report.begin(traffic);
            simulate(traffic, machine, engine, blockTokens, report::row);
            report.machine();
        }
        return 0;
    }

    private void simulate(
            Traffic traffic, Machine machine, EngineConfig engine, int blockTokens, Consumer<ScalingReport.Row> rows) {
        for (ModelShape shape : modelShapes()) {
            for (int degree : ranks) {
                long bytes = degree * (long) (inRange("kv-cache-gib", cacheGib, 1e-3, 1024) * GIB);
                Replica replica = Replica.of(shape, degree, machine, bytes, blockTokens);
                for (int count : nodes) {
                    int size = (int) inRange("nodes", count, 1, 1024);
                    Outcome outcome = Simulation.run(replica, size, engine, traffic, machine);
                    rows.accept(new ScalingReport.Row(shape, degree, size, replica, outcome));
                }
            }
        }
    }

    private Traffic traffic(EngineConfig engine) {
        var window = new Window(inRange("warm-up", warmUp, 0, 1e6), inRange("seconds", seconds, 1, 1e6));
        Load load = arrivals == null
                ? new Streams((int) inRange("streams", streams, 1, engine.maxSequences() + engine.maxWaiting()), window)
                : new Arrivals(inRange("arrivals", arrivals, 1e-6, 1e6), window);
        int prompt = (int) inRange("prompt-tokens", promptTokens, 1, 100_000);
        int answer = (int) inRange("answer-tokens", answerTokens, 1, 100_000);
        return new Traffic(load, prompt, answer, 0.5, seed);
    }

    private List<ModelShape> modelShapes() {
        if (bundle != null) {
            return List.of(ModelShape.of(
                    Bundle.open(bundle, Verification.STRUCTURE_ONLY).manifest()));
        }
        if (!WeightType.GROUPS.contains(group)) {
            throw new FailureException(
                    new Failure.Invalid("group", "--group must be one of " + WeightType.GROUPS + ", but is " + group));
        }
        KvType cache = KvType.of(kvCache)
                .orElseThrow(() -> new FailureException(new Failure.Invalid(
                        "kv-cache", "--kv-cache must be one of " + KvType.labels() + ", but is " + kvCache)));
        return shapes.stream()
                .map(name -> ModelShape.published(
                        name, weightType("weights", weights), weightType("head", head), group, cache))
                .toList();
    }

    private static WeightType weightType(String flag, String label) {
        return WeightType.of(label)
                .filter(type -> type == WeightType.F16 || type.isQuantised())
                .orElseThrow(() -> new FailureException(
                        new Failure.Invalid(flag, "--" + flag + " must be one of f16, q8, q4, but is " + label)));
    }

    private static double inRange(String flag, double value, double least, double most) {
        if (!(value >= least && value <= most)) {
            throw new FailureException(new Failure.Invalid(
                    flag,
                    String.format(
                            "--%s must be from %s to %s, but is %s",
                            flag, number(least), number(most), number(value))));
        }
        return value;
    }

    private static String number(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }

    private Machine machine() {
        Machine machine = Machine.standard();
        if (machineFile != null) {
            if (!Files.isReadable(machineFile)) {
                throw new FailureException(
                        new Failure.Invalid("machine", machineFile + ": no such file, or it cannot be read"));
            }
            try {
                machine = machine.with(
                        ConfigFactory.parseFile(machineFile.toFile()).resolve());
            } catch (ConfigException e) {
                throw new FailureException(new Failure.Invalid("machine", String.valueOf(e.getMessage())), e);
            }
        }
        return machine.with(ConfigFactory.parseMap(facts));
    }
}
