package belle.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import belle.engine.EngineConfig;
import belle.engine.GenerationRequest;
import belle.export.bundle.ExportOptions;
import belle.export.bundle.Exporter;
import belle.export.checkpoint.Progress;
import belle.kernels.OrtLibraries;
import belle.ort.CudaRuntime;
import belle.proto.FailureException;
import belle.proto.SamplingParams;
import belle.proto.TokenLogprob;
import belle.proto.Tokens;
import belle.proto.bundle.KvType;
import belle.proto.bundle.PromptTemplates;
import belle.proto.bundle.WeightType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The portable graph on the processor says what the kernels say, and slots are what blocks are to the engine. */
class PortableTest {
    private static final EngineConfig ENGINE = new EngineConfig(16, 16, 256, 64, 256);
    private static final long SLOTS_BYTES = 64 << 20;

    @TempDir
    private Path folder;

    static Stream<Arguments> models() {
        String references = "model-export/src/test/resources/references/";
        return Stream.of(
                        TinyBundles.BLOOM,
                        TinyBundles.LLAMA_GQA,
                        references + "bloom-6-heads-residual-after-norm",
                        references + "llama-mqa-linear")
                .flatMap(model -> Stream.of(
                        // Float16 rounds products' inputs and results; the kernels' codes round activations to int8.
                        Arguments.of(model, WeightType.F32, 1e-4),
                        Arguments.of(model, WeightType.F16, 0.03),
                        Arguments.of(model, WeightType.Q8, 0.05),
                        Arguments.of(model, WeightType.Q4, 0.05)));
    }

    @ParameterizedTest
    @MethodSource("models")
    void scoresATextAsTheKernelsDo(String checkpoint, WeightType weights, double tolerance) throws Exception {
        Path bundle = export(checkpoint, weights);
        Tokens text = text(50);
        List<TokenLogprob> expected;
        try (OpenModel model = OpenModel.open(bundle, config(Provider.KERNELS, 0))) {
            expected = LocalGenerator.of(model, ENGINE).score(text);
        }
        try (OpenModel model = OpenModel.open(bundle, config(Provider.PORTABLE, 0))) {
            // In two chunks, so that the second one looks back at the first.
            var small = new EngineConfig(16, 16, 32, 32, 32);
            List<TokenLogprob> scores = LocalGenerator.of(model, small).score(text);
            double difference = 0;
            for (int i = 1; i < text.size(); i++) {
                difference += Math.abs(scores.get(i).logprob() - expected.get(i).logprob());
            }
            assertThat(difference / (text.size() - 1)).isLessThan(tolerance);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {TinyBundles.BLOOM, TinyBundles.LLAMA_GQA})
    void aSequenceIsTheSameAloneAmongOthersAndOnAWarmPrefix(String checkpoint) throws Exception {
        Path bundle = export(checkpoint, WeightType.F32);
        try (OpenModel model = OpenModel.open(bundle, config(Provider.PORTABLE, 0))) {
            var generator = LocalGenerator.of(model, ENGINE);
            Completion alone = generator.generate(text(30), sampled(40), false, _ -> {});
            Completion warm = generator.generate(text(30), sampled(40), false, _ -> {});
            assertThat(warm.usage().cachedTokens()).isEqualTo(29);
            same(warm, alone);
            List<GenerationRequest> requests = new ArrayList<>();
            for (int i = 0; i < 9; i++) {
                // Of many lengths, so that slots become free between others.
                requests.add(new GenerationRequest("other-" + i, text(5 + 7 * i), sampled(3 + 5 * i), "t", false));
            }
            requests.add(4, new GenerationRequest("it", text(30), sampled(40), "t", false));
            same(generator.generateAll(requests, _ -> {}).get(4), alone);
            assertThat(generator.load().leasedBlocks()).isZero();
        }
    }

    @Test
    void theSameRequestGivesTheSameBits() throws Exception {
        Path bundle = export(TinyBundles.LLAMA_GQA, WeightType.F16);
        List<Completion.Choice> first;
        try (OpenModel model = OpenModel.open(bundle, config(Provider.PORTABLE, 0))) {
            first = LocalGenerator.of(model, ENGINE)
                    .generate(text(30), sampled(40), false, _ -> {})
                    .choices();
        }
        try (OpenModel model = OpenModel.open(bundle, config(Provider.PORTABLE, 0))) {
            assertThat(LocalGenerator.of(model, ENGINE)
                            .generate(text(30), sampled(40), false, _ -> {})
                            .choices())
                    .isEqualTo(first);
        }
    }

    @Test
    void sequencesWaitForSlots() throws Exception {
        Path bundle = export(TinyBundles.LLAMA_GQA, WeightType.F32);
        try (OpenModel model = OpenModel.open(bundle, config(Provider.PORTABLE, 64, 400_000))) {
            int slots = model.layout().blocks();
            assertThat(slots).isBetween(2, 8);
            assertThat(model.contextTokens()).isEqualTo(64);
            List<GenerationRequest> requests = IntStream.range(0, 12)
                    .mapToObj(i -> new GenerationRequest("s" + i, text(20 + i), sampled(20), "t", false))
                    .toList();
            assertThat(LocalGenerator.of(model, ENGINE).generateAll(requests, _ -> {}))
                    .allSatisfy(done ->
                            assertThat(done.choices().getFirst().ids().size()).isEqualTo(20));
            assertThatThrownBy(() -> LocalGenerator.of(model, ENGINE).generate(text(50), sampled(20), false, _ -> {}))
                    .hasMessageContaining("64");
        }
    }

    /** What a sequence leaves in its slot, be it no number, is not seen by the next one. */
    @Test
    void aSlotIsCleanedBehindNumbersThatAreNone() throws Exception {
        Path bundle = export(TinyBundles.LLAMA_GQA, WeightType.F32);
        try (OpenModel model = OpenModel.open(bundle, config(Provider.PORTABLE, 64, 100_000))) {
            assertThat(model.layout().blocks()).isEqualTo(1);
            var generator = LocalGenerator.of(model, ENGINE);
            Completion clean = generator.generate(text(9), sampled(8), false, _ -> {});
            SlotPool pool = ((PortableRank) model.runner()).pool();
            pool.memory().fill((byte) 0xff); // every number NaN
            assertThatThrownBy(() -> generator.generate(text(40), sampled(8), false, _ -> {}))
                    .isInstanceOf(FailureException.class)
                    .hasMessageContaining("not a number");
            same(generator.generate(text(9), sampled(8), false, _ -> {}), clean);
        }
    }

    @Test
    void refusesWhatDoesNotFitInOneLine() throws Exception {
        Path plain = TinyBundles.export(TinyBundles.BLOOM, folder);
        refused(plain, config(Provider.PORTABLE, 0), "export it again with --portable");
        Path bundle = export(TinyBundles.BLOOM, WeightType.F16);
        refused(bundle, config(Provider.PORTABLE, 0, 1000), "for a slot of 2048 tokens");
        var asked = config(Provider.PORTABLE, 0);
        var two = new RankConfig(2, Map.of(), List.of(), RankWeights.AUTO, false, Duration.ZERO, Duration.ZERO);
        refused(
                bundle,
                new RuntimeConfig(2, SLOTS_BYTES, Optional.empty(), 32, two, asked.accelerator()),
                "--tensor-parallel must be 1");
        refused(
                bundle,
                new RuntimeConfig(
                        1,
                        SLOTS_BYTES,
                        Optional.of(KvType.Q8),
                        32,
                        RankConfig.ONE,
                        config(Provider.PORTABLE, 0).accelerator()),
                "must be bundle or f16");
    }

    @Test
    void withoutAGpuItSaysWhatIsMissingOrGoesOn() throws Exception {
        assumeTrue(CudaRuntime.missing(OrtLibraries.folder()).isPresent(), "there is a GPU here");
        Path bundle = export(TinyBundles.BLOOM, WeightType.F16);
        refused(bundle, config(Provider.CUDA, 0), "provider cuda: ");
        var allowed = new AcceleratorConfig(Provider.CUDA, true, 0, 0, 0);
        try (OpenModel model = OpenModel.open(
                bundle, new RuntimeConfig(1, SLOTS_BYTES, Optional.empty(), 32, RankConfig.ONE, allowed))) {
            assertThat(model.provider()).isEqualTo(Provider.KERNELS);
        }
    }

    @Test
    void namesTheLibrariesThatAreMissing() throws Exception {
        assertThat(CudaRuntime.missing(folder))
                .hasValueSatisfying(line -> assertThat(line)
                        .contains("libonnxruntime_providers_cuda.so", "BELLE_CUDA=1")
                        .hasLineCount(1));
        Files.createFile(folder.resolve("libonnxruntime_providers_cuda.so"));
        assumeTrue(CudaRuntime.missing(folder).isPresent(), "there is a GPU here");
        assertThat(CudaRuntime.missing(folder))
                .hasValueSatisfying(
                        line -> assertThat(line).contains("missing: lib").hasLineCount(1));
    }

    private static void refused(Path bundle, RuntimeConfig config, String why) {
        assertThatThrownBy(() -> OpenModel.open(bundle, config).close())
                .isInstanceOf(FailureException.class)
                .satisfies(e -> assertThat(e.getMessage()).contains(why).hasLineCount(1));
    }

    /** Equal ids; log-probabilities as close as sums in another order are. */
    private static void same(Completion got, Completion expected) {
        var choice = got.choices().getFirst();
        var other = expected.choices().getFirst();
        assertThat(choice.ids()).isEqualTo(other.ids());
        for (int i = 0; i < choice.logprobs().size(); i++) {
            assertThat(choice.logprobs().get(i).logprob())
                    .isCloseTo(other.logprobs().get(i).logprob(), within(1e-3));
        }
    }

    private Path export(String checkpoint, WeightType weights) {
        Path source = Path.of(System.getProperty("belle.root")).resolve(checkpoint);
        Path target = folder.resolve("portable");
        var options = new ExportOptions(target, true, Optional.of(weights), PromptTemplates.BELLE, 0).withPortable();
        Exporter.export(source, options, Progress.NONE);
        return target;
    }

    private static RuntimeConfig config(Provider provider, int slotTokens) {
        return config(provider, slotTokens, SLOTS_BYTES);
    }

    private static RuntimeConfig config(Provider provider, int slotTokens, long cacheBytes) {
        return new RuntimeConfig(
                1,
                cacheBytes,
                Optional.empty(),
                32,
                RankConfig.ONE,
                new AcceleratorConfig(provider, false, slotTokens, 0, 0));
    }

    private static Tokens text(int tokens) {
        return Tokens.of(IntStream.range(0, tokens).map(i -> 3 + 7 * i % 60).toArray());
    }

    private static SamplingParams sampled(int tokens) {
        return new SamplingParams(tokens, 0.8, 30, 0.9, 0, 1.2, 0, 0, Map.of(), 42, 0, List.of(), true, 1);
    }
}
