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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.IntFunction;

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

    /** Tokens a second of a prompt, and of an answer behind its first token. */
    private record Speed(double prefill, double decode) {}

    /**
     * Measures degree 1 and each of {@code degrees} in turn, alone and then beside a busy process.
     *
     * @param lines hears a line for each
     */
    public void run(List<Integer> degrees, Consumer<String> lines) throws IOException {
        for (int degree : degrees) {
            try (OpenModel whole = OpenModel.open(bundle, on(1));
                    OpenModel cut = OpenModel.open(bundle, on(degree))) {
                speed(whole);
                speed(cut);
                measure(whole, cut, degree, "", lines);
                try (var _ = BusyProcess.start()) {
                    measure(whole, cut, degree, " beside a busy process", lines);
                }
            }
        }
    }

    private void measure(OpenModel whole, OpenModel cut, int degree, String where, Consumer<String> lines) {
        List<Speed> ofWhole = new ArrayList<>();
        List<Speed> ofCut = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            ofWhole.add(speed(whole));
            ofCut.add(speed(cut));
        }
        lines.accept(line("prompt of " + promptTokens + " tokens" + where, degree, ofWhole, ofCut, true));
        lines.accept(line("answer, one stream" + where, degree, ofWhole, ofCut, false));
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
                config.spinning(),
                config.kvCacheBytes(),
                config.kvCacheType(),
                config.blockTokens(),
                ranks,
                config.accelerator());
    }

    private Speed speed(OpenModel model) {
        int[] ids = new int[promptTokens];
        Arrays.setAll(ids, i -> 10 + i * 37 % 1900);
        var engine = new EngineConfig(1, 0, 512, 512, 1);
        var greedy = new SamplingParams(tokens + 1, 0, 0, 1, 0, 1, 0, 0, Map.of(), 0, -1, List.of(), true, 1);
        Completion told = LocalGenerator.of(model, engine).generate(Tokens.of(ids), greedy, false, _ -> {});
        return new Speed(1e6 * promptTokens / told.promptMicros(), 1e6 * tokens / told.decodeMicros());
    }

    private String line(String what, int degree, List<Speed> whole, List<Speed> cut, boolean prefill) {
        double one = median(whole, prefill);
        double several = median(cut, prefill);
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

    private static double median(List<Speed> speeds, boolean prefill) {
        double[] values = speeds.stream()
                .mapToDouble(speed -> prefill ? speed.prefill() : speed.decode())
                .sorted()
                .toArray();
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
        lines.accept(line("an operator's call by ONNX Runtime", calls(times)));
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
