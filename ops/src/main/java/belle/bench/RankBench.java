package belle.bench;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OrtException;
import belle.engine.EngineConfig;
import belle.kernels.Kernels;
import belle.kernels.bench.SingleOp;
import belle.kernels.bench.Tensors;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.runtime.Completion;
import belle.runtime.LocalGenerator;
import belle.runtime.OpenModel;
import belle.runtime.RankConfig;
import belle.runtime.RuntimeConfig;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/** What it costs to cut a model into ranks on one machine: the same threads on one rank and on several, taking turns. */
public final class RankBench {
    private static final int HIDDEN = 4096;
    private static final int SLOT_FLOATS = 16_384;
    private static final int HEADER_BYTES = 64 * 9;

    private final Path bundle;
    private final RuntimeConfig config;
    private final int promptTokens;
    private final int tokens;
    private final int rounds;

    /** {@code config} says with how many threads; each degree shares them out. */
    public RankBench(Path bundle, RuntimeConfig config, boolean smoke) {
        this.bundle = bundle;
        this.config = config;
        promptTokens = smoke ? 40 : 512;
        tokens = smoke ? 4 : 48;
        rounds = smoke ? 1 : 7;
    }

    /**
     * Tokens a second of a prompt, or of an answer behind its first token.
     *
     * @param taken what a busy process had meanwhile of all processors, 0 to 1
     */
    private record Speed(double tokens, double taken) {}

    private record Run(Speed prompt, Speed answer) {}

    /** Of one rank and of several, in turn. */
    private record Runs(List<Run> whole, List<Run> cut) {}

    /**
     * Measures degree 1 and each of {@code degrees} in turn, alone and then beside a busy process.
     *
     * @param lines hears a line for each
     */
    public void run(List<Integer> degrees, Consumer<String> lines) throws IOException {
        for (int degree : degrees) {
            try (OpenModel whole = OpenModel.open(bundle, on(1));
                    OpenModel cut = OpenModel.open(bundle, on(degree))) {
                Supplier<Duration> nobody = () -> Duration.ZERO;
                run(whole, nobody);
                run(cut, nobody);
                Runs alone = runs(whole, cut, nobody);
                lines.accept(line(prompts(), degree, alone, Run::prompt));
                lines.accept(line("answer, one stream", degree, alone, Run::answer));
                try (var busy = BusyProcess.start()) {
                    Runs beside = runs(whole, cut, busy::processorTime);
                    lines.accept(line(prompts() + " beside a busy process", degree, beside, Run::prompt)
                            + lost(alone, beside, Run::prompt));
                    lines.accept(line("answer, one stream beside a busy process", degree, beside, Run::answer)
                            + lost(alone, beside, Run::answer));
                }
            }
        }
    }

    private String prompts() {
        return "prompt of " + promptTokens + " tokens";
    }

    private Runs runs(OpenModel whole, OpenModel cut, Supplier<Duration> busy) {
        var runs = new Runs(new ArrayList<>(), new ArrayList<>());
        for (int round = 0; round < rounds; round++) {
            runs.whole().add(run(whole, busy));
            runs.cut().add(run(cut, busy));
        }
        return runs;
    }

    private RuntimeConfig on(int degree) {
        var ranks = new RankConfig(
                degree,
                Map.of(),
                List.of(),
                config.ranks().weights(),
                false,
                config.ranks().deadline(),
                config.ranks().startDeadline());
        return new RuntimeConfig(
                config.threads(),
                config.kvCacheBytes(),
                config.kvCacheType(),
                config.blockTokens(),
                ranks,
                config.accelerator());
    }

    private Run run(OpenModel model, Supplier<Duration> busy) {
        int[] ids = new int[promptTokens];
        Arrays.setAll(ids, i -> 10 + i * 37 % 1900);
        var engine = new EngineConfig(1, 0, 512, 512, 1);
        var greedy = new SamplingParams(tokens + 1, 0, 0, 1, 0, 1, 0, 0, Map.of(), 0, -1, List.of(), true, 1);
        List<Duration> taken = new ArrayList<>(List.of(busy.get()));
        Completion told =
                LocalGenerator.of(model, engine).generate(Tokens.of(ids), greedy, false, _ -> taken.add(busy.get()));
        return new Run(
                speed(promptTokens, told.promptMicros(), taken.get(0), taken.get(1)),
                speed(tokens, told.decodeMicros(), taken.get(1), taken.getLast()));
    }

    private static Speed speed(int tokens, long micros, Duration before, Duration after) {
        double processors = Runtime.getRuntime().availableProcessors();
        return new Speed(1e6 * tokens / micros, after.minus(before).toNanos() / (1e3 * micros * processors));
    }

    private String line(String what, int degree, Runs runs, Function<Run, Speed> of) {
        double one = tokens(runs.whole(), of);
        double several = tokens(runs.cut(), of);
        return String.format(
                Locale.ROOT,
                "%-46s %d threads on 1 rank %8.1f tokens/s, on %d ranks %8.1f  ratio %.2f",
                what,
                config.threads(),
                one,
                degree,
                several,
                several / one);
    }

    /** What a busy process costs, beside what it has. */
    private static String lost(Runs alone, Runs beside, Function<Run, Speed> of) {
        return String.format(
                Locale.ROOT,
                ", lost %.0f%% and %.0f%%, the process had %.0f%% and %.0f%% of the processors",
                100 * (1 - tokens(beside.whole(), of) / tokens(alone.whole(), of)),
                100 * (1 - tokens(beside.cut(), of) / tokens(alone.cut(), of)),
                100 * median(beside.whole(), of.andThen(Speed::taken)),
                100 * median(beside.cut(), of.andThen(Speed::taken)));
    }

    private static double tokens(List<Run> runs, Function<Run, Speed> of) {
        return median(runs, of.andThen(Speed::tokens));
    }

    private static double median(List<Run> runs, Function<Run, Double> of) {
        double[] values = runs.stream().mapToDouble(of::apply).sorted().toArray();
        return values[values.length / 2];
    }

    /**
     * Measures the sum of two ranks' rows; beside it that of one number, which is what processors take to hear of each other, and what
     * ONNX Runtime takes to call an operator that does as good as nothing.
     *
     * @param lines hears a line for each
     */
    public static void sums(boolean smoke, Consumer<String> lines) throws OrtException {
        int times = smoke ? 100 : 50_000;
        lines.accept(line("sum of 2 rows of " + HIDDEN, sums(HIDDEN, times)));
        lines.accept(line("sum of 2 numbers", sums(1, times)));
        lines.accept(line("a run of one small operator, from Java", calls(times)));
    }

    private static String line(String what, double[] micros) {
        Arrays.sort(micros);
        return String.format(
                Locale.ROOT,
                "%-46s median %.1f us, fastest tenth %.1f",
                what,
                micros[micros.length / 2],
                micros[micros.length / 10]);
    }

    private static double[] sums(int floats, int times) {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment meeting = arena.allocate(HEADER_BYTES + 4L * SLOT_FLOATS * Float.BYTES, 64);
            IntFunction<double[]> part = rank -> Kernels.allReduces(
                    new long[] {meeting.address(), meeting.byteSize(), rank, 2, 1}, new float[floats], times);
            var other = CompletableFuture.supplyAsync(() -> part.apply(1));
            double[] micros = part.apply(0);
            other.join();
            return micros;
        }
    }

    private static double[] calls(int times) throws OrtException {
        double[] micros = new double[times];
        try (SingleOp nothing = SingleOp.of("Gelu").input(OnnxJavaType.FLOAT, 2).open(1);
                var x = Tensors.floats(new float[1], 1, 1)) {
            for (int i = 0; i < times; i++) {
                long begin = System.nanoTime();
                nothing.run(List.of(x)).close();
                micros[i] = (System.nanoTime() - begin) / 1e3;
            }
        }
        return micros;
    }
}
