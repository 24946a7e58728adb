package belle.bench;

import belle.engine.Engine;
import belle.engine.EngineConfig;
import belle.engine.GenerationRequest;
import belle.engine.KvCache;
import belle.engine.ModelFacts;
import belle.engine.Step;
import belle.proto.SamplingParams;
import belle.proto.Tokens;
import belle.proto.bundle.Manifest.SamplingDefaults;
import belle.runtime.OpenModel;
import belle.runtime.StepRunner;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;

/**
 * The engine's own time per step: planning, log-probabilities, penalties, drawing, text; with a model also its share of
 * the whole step. Without one the logits are random, of 32,000 ids.
 */
public final class EngineBench {
    private static final int PROMPT_TOKENS = 4;

    private final ModelFacts facts;
    private final StepRunner runner;
    private final int blocks;
    private final int blockTokens;
    private final boolean share;

    private EngineBench(ModelFacts facts, StepRunner runner, int blocks, int blockTokens, boolean share) {
        this.facts = facts;
        this.runner = runner;
        this.blocks = blocks;
        this.blockTokens = blockTokens;
        this.share = share;
    }

    /**
     * One case.
     *
     * @param engineMicros median of the steps: what the engine takes before and after the graph runs
     * @param share of the engine in the step, from 0 to 1; empty without a model
     */
    public record Row(String sampling, int sequences, double engineMicros, Optional<Double> share) {}

    /**
     * Measures every way of sampling with 1, 4, 16 and 64 sequences that decode.
     *
     * @param smoke few steps: shows that it runs, measures little
     * @param model computes the steps; needs room for 64 short sequences
     * @param rows hears each case as it is done
     */
    public static void run(boolean smoke, Optional<OpenModel> model, Consumer<Row> rows) {
        var random = new EngineBench(RandomLogits.FACTS, new RandomLogits(1), 1024, 32, false);
        int steps = smoke ? 5 : 200;
        for (var sampling : samplings().entrySet()) {
            for (int sequences : new int[] {1, 4, 16, 64}) {
                Row alone = random.measure(sampling.getKey(), sampling.getValue(), sequences, steps);
                rows.accept(model.map(EngineBench::on)
                        .map(bench -> bench.measure(sampling.getKey(), sampling.getValue(), sequences, smoke ? 2 : 5))
                        .orElse(alone)); // in vain but for its code, which is compiled now
            }
        }
    }

    private static EngineBench on(OpenModel model) {
        var layout = model.layout();
        return new EngineBench(model.facts(), model.runner(), layout.blocks(), layout.blockTokens(), true);
    }

    private static Map<String, SamplingParams> samplings() {
        SamplingDefaults belle = SamplingDefaults.BELLE;
        Map<String, SamplingParams> all = new LinkedHashMap<>();
        all.put("greedy", sampling(0, 0, 1, 0, 1, -1));
        all.put(
                "BELLE's defaults",
                sampling(belle.temperature(), belle.topK(), belle.topP(), 0, belle.repetitionPenalty(), -1));
        all.put("top-p 0.9", sampling(1, 0, 0.9, 0, 1, -1));
        all.put("min-p 0.05", sampling(1, 0, 1, 0.05, 1, -1));
        all.put("5 log-probabilities", sampling(0, 0, 1, 0, 1, 5));
        return all;
    }

    private static SamplingParams sampling(
            double temperature, int topK, double topP, double minP, double penalty, int logprobs) {
        return new SamplingParams(
                Integer.MAX_VALUE,
                temperature,
                topK,
                topP,
                minP,
                penalty,
                0,
                0,
                Map.of(),
                1,
                logprobs,
                List.of(),
                true,
                1);
    }

    private Row measure(String name, SamplingParams params, int sequences, int steps) {
        var engine = new Engine(new EngineConfig(64, 0, 4096, 4096, 64), facts, new KvCache(blocks, blockTokens));
        var random = new Random(sequences);
        for (int i = 0; i < sequences; i++) {
            int[] prompt = random.ints(PROMPT_TOKENS, 0, facts.tokens()).toArray();
            var request = new GenerationRequest(
                    "bench-" + i, Tokens.of(prompt), params.withMaxTokens(steps + 2), "bench", false);
            engine.submit(request, 1).ifPresent(failure -> {
                throw new IllegalStateException(failure.message());
            });
        }
        timeStep(engine); // the prompts
        timeStep(engine);
        double[] own = new double[steps];
        double[] whole = new double[steps];
        for (int i = 0; i < steps; i++) {
            Timed timed = timeStep(engine);
            own[i] = timed.engineMicros();
            whole[i] = timed.wholeMicros();
        }
        double micros = median(own);
        return new Row(name, sequences, micros, share ? Optional.of(micros / median(whole)) : Optional.empty());
    }

    private record Timed(double engineMicros, double wholeMicros) {}

    private Timed timeStep(Engine engine) {
        long begin = System.nanoTime();
        Step step = engine.nextStep().orElseThrow();
        long planned = System.nanoTime();
        var logits = runner.run(step);
        long computed = System.nanoTime();
        engine.complete(step, logits);
        long end = System.nanoTime();
        return new Timed((planned - begin + end - computed) / 1e3, (end - begin) / 1e3);
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
