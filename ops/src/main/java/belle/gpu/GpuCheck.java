package belle.gpu;

import belle.engine.EngineConfig;
import belle.engine.GenerationRequest;
import belle.engine.Output;
import belle.export.bundle.ExportOptions;
import belle.export.bundle.Exporter;
import belle.export.checkpoint.Progress;
import belle.export.checkpoint.RandomCheckpoint;
import belle.ort.CudaRuntime;
import belle.proto.FailureException;
import belle.proto.SamplingParams;
import belle.proto.TokenLogprob;
import belle.proto.Tokens;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.PromptTemplates;
import belle.proto.bundle.Verification;
import belle.proto.bundle.WeightType;
import belle.runtime.AcceleratorConfig;
import belle.runtime.LocalGenerator;
import belle.runtime.OpenModel;
import belle.runtime.Provider;
import belle.runtime.RankConfig;
import belle.runtime.RuntimeConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;

/**
 * What has to be seen of a portable graph on a device: that it computes what the processor's kernels compute, how fast it
 * is with 1 to 64 streams, and what memory it takes.
 */
public final class GpuCheck {
    private static final int PROMPTS = 8;
    private static final int GREEDY_TOKENS = 32;

    /** Mean difference of a log-probability by weights: float16 rounds products, and the kernels' codes round activations. */
    private static final Map<WeightType, Double> TOLERANCES =
            Map.of(WeightType.F32, 1e-3, WeightType.F16, 0.03, WeightType.Q8, 0.06, WeightType.Q4, 0.06);

    private final Provider provider;
    private final int device;
    private final Path work;
    private final Consumer<String> notes;

    /**
     * A check of one device.
     *
     * @param work a folder for checkpoints and bundles, with room for three times the largest shape
     * @param notes hears what is being done
     */
    public GpuCheck(Provider provider, int device, Path work, Consumer<String> notes) {
        this.provider = provider;
        this.device = device;
        this.work = work;
        this.notes = notes;
    }

    /**
     * How a model's text compares with the kernels'.
     *
     * @param equalPrompts of {@code prompts}, whose greedy ids are the same to the end
     * @param difference mean difference of a log-probability of one text
     * @param passed whether that is within what the type of the weights explains
     */
    public record Agreement(
            String model, String weights, int equalPrompts, int prompts, double difference, boolean passed) {}

    /**
     * How fast a model is.
     *
     * @param tokensPerSecond of all streams, prompts included
     * @param stepMillis median of the steps in which all streams decode
     * @param deviceBytes taken of the device's memory; 0 where it is the processor's
     */
    public record Speed(
            String model, String weights, int streams, double tokensPerSecond, double stepMillis, long deviceBytes) {}

    /**
     * How long a step of one stream takes with a cache of a size.
     *
     * @param cacheBytes of all slots
     */
    public record PoolTime(String model, int slots, long cacheBytes, double stepMillis) {}

    /** Sizes of a measurement. */
    public record Load(List<Integer> streams, int promptTokens, int outputTokens) {
        public static final Load WHOLE = new Load(List.of(1, 4, 16, 64), 128, 128);
        public static final Load SMOKE = new Load(List.of(1, 4), 8, 8);

        public Load {
            streams = List.copyOf(streams);
        }

        int slotTokens() {
            return promptTokens + outputTokens;
        }
    }

    /** Exports a checkpoint with {@code weights} and compares the device with the kernels. */
    public Agreement agreement(Path checkpoint, WeightType weights) {
        String name = checkpoint.getFileName().toString();
        notes.accept("comparing " + name + " in " + weights);
        Path bundle = export(checkpoint, weights);
        try (var kernels = OpenModel.open(bundle, config(Provider.KERNELS, 0, 1L << 28));
                var own = OpenModel.open(bundle, config(provider, 256, 1L << 28))) {
            int vocabulary = kernels.manifest().architecture().tokens();
            var expected = LocalGenerator.of(kernels, engine(PROMPTS));
            var got = LocalGenerator.of(own, engine(PROMPTS));
            int equal = 0;
            for (int i = 0; i < PROMPTS; i++) {
                Tokens prompt = prompt(i, 4 + 9 * i, vocabulary);
                equal += greedyIds(expected, prompt).equals(greedyIds(got, prompt)) ? 1 : 0;
            }
            Tokens text = prompt(PROMPTS, 200, vocabulary);
            double difference = difference(expected.score(text), got.score(text));
            boolean passed = difference <= TOLERANCES.getOrDefault(weights, 0.0);
            return new Agreement(name, weights.label(), equal, PROMPTS, difference, passed);
        }
    }

    private static Tokens greedyIds(LocalGenerator generator, Tokens prompt) {
        return generator
                .generate(prompt, greedy(GREEDY_TOKENS), false, _ -> {})
                .choices()
                .getFirst()
                .ids();
    }

    private static double difference(List<TokenLogprob> expected, List<TokenLogprob> got) {
        double sum = 0;
        for (int i = 1; i < expected.size(); i++) {
            sum += Math.abs(expected.get(i).logprob() - got.get(i).logprob());
        }
        return sum / (expected.size() - 1);
    }

    /** Makes a random checkpoint of a shape, whose tokenizer is that of {@code tokenizer}, and returns its folder. */
    public Path checkpoint(ModelShape shape, Path tokenizer) throws IOException {
        notes.accept("writing random weights of " + shape.name());
        Path folder = work.resolve(shape.name());
        RandomCheckpoint.write(shape.config(), shape.tensors(), tokenizer, folder);
        return folder;
    }

    /**
     * Measures a checkpoint with {@code weights}.
     *
     * @param speeds hears each number of streams as it is done
     * @throws FailureException when the model does not fit the device
     */
    public void speeds(Path checkpoint, WeightType weights, Load load, Consumer<Speed> speeds) {
        String name = checkpoint.getFileName().toString();
        Path bundle = export(checkpoint, weights);
        long before = freeBytes();
        int most = load.streams().getLast();
        notes.accept("measuring " + name + " in " + weights);
        try (var model = OpenModel.open(bundle, config(provider, load.slotTokens(), cacheBytes(bundle, load, most)))) {
            int vocabulary = model.manifest().architecture().tokens();
            // What is compiled, tuned or reserved at first use is not measured.
            run(model, 1, load, vocabulary, new ArrayList<>());
            for (int streams : load.streams()) {
                List<Long> steps = new ArrayList<>();
                long begun = System.nanoTime();
                run(model, streams, load, vocabulary, steps);
                double seconds = (System.nanoTime() - begun) / 1e9;
                speeds.accept(new Speed(
                        name,
                        weights.label(),
                        streams,
                        streams * load.outputTokens() / seconds,
                        median(steps) / 1e6,
                        before - freeBytes()));
            }
        }
    }

    /**
     * Measures one stream with caches of 1, 8 and 64 times the size: a step that copied its cache would take as many times
     * as long.
     *
     * @param bytes of the smallest cache
     */
    public void poolTimes(Path checkpoint, Load load, long bytes, Consumer<PoolTime> times) {
        Path bundle = export(checkpoint, WeightType.F16);
        for (int factor : new int[] {1, 8, 64}) {
            try (var model = OpenModel.open(bundle, config(provider, load.slotTokens(), factor * bytes))) {
                int vocabulary = model.manifest().architecture().tokens();
                run(model, 1, load, vocabulary, new ArrayList<>());
                List<Long> steps = new ArrayList<>();
                run(model, 1, load, vocabulary, steps);
                String name = checkpoint.getFileName().toString();
                int slots = model.layout().blocks();
                times.accept(new PoolTime(name, slots, factor * bytes, median(steps) / 1e6));
            }
        }
    }

    private static long median(List<Long> values) {
        return values.stream().sorted().skip(values.size() / 2).findFirst().orElse(0L);
    }

    /** Runs {@code streams} requests together; {@code decodes} gets the nanoseconds of the steps in which all decode. */
    private static void run(OpenModel model, int streams, Load load, int vocabulary, List<Long> decodes) {
        var generator = LocalGenerator.of(model, engine(streams));
        for (int i = 0; i < streams; i++) {
            generator.submit(new GenerationRequest(
                    "s" + i, prompt(i, load.promptTokens(), vocabulary), greedy(load.outputTokens()), "check", false));
        }
        int running = streams;
        while (running > 0) {
            long begun = System.nanoTime();
            var outputs = generator.step();
            long nanos = System.nanoTime() - begun;
            int tokens = 0;
            for (var output : outputs) {
                switch (output) {
                    case Output.Token _ -> tokens++;
                    case Output.Done _ -> running--;
                    case Output.Failed(var _, var failure) -> throw new FailureException(failure);
                    case Output.Finished _, Output.PromptScored _ -> {}
                }
            }
            if (tokens == streams) {
                decodes.add(nanos);
            }
        }
    }

    private static long cacheBytes(Path bundle, Load load, int streams) {
        var shape = Bundle.open(bundle, Verification.STRUCTURE_ONLY).manifest().architecture();
        // Keys and values in float16; a slot has up to 64 places more than tokens.
        return 2L
                * Short.BYTES
                * shape.layers()
                * shape.kvHeads()
                * shape.headDim()
                * (load.slotTokens() + 64L)
                * streams;
    }

    private long freeBytes() {
        return provider == Provider.CUDA ? CudaRuntime.freeBytes(device) : 0;
    }

    private Path export(Path checkpoint, WeightType weights) {
        Path bundle = work.resolve("bundle");
        var options = new ExportOptions(bundle, true, Optional.of(weights), PromptTemplates.BELLE, 0).withPortable();
        Exporter.export(checkpoint, options, Progress.NONE);
        return bundle;
    }

    private RuntimeConfig config(Provider by, int slotTokens, long cacheBytes) {
        int threads = Runtime.getRuntime().availableProcessors();
        var accelerator = new AcceleratorConfig(by, false, slotTokens, device, 2L << 30);
        return new RuntimeConfig(threads, cacheBytes, Optional.empty(), 64, RankConfig.ONE, accelerator);
    }

    private static EngineConfig engine(int sequences) {
        return new EngineConfig(Math.max(1, sequences), 0, 512, 512, Math.max(256, sequences));
    }

    private static Tokens prompt(int seed, int tokens, int vocabulary) {
        return Tokens.of(new Random(seed).ints(tokens, 3, vocabulary).toArray());
    }

    private static SamplingParams greedy(int tokens) {
        return new SamplingParams(tokens, 0, 0, 1, 0, 1, 0, 0, Map.of(), 0, -1, List.of(), true, 1);
    }
}
