package belle.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import belle.engine.EngineConfig;
import belle.engine.GenerationRequest;
import belle.engine.KvCache;
import belle.proto.ChatMessage;
import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.TokenLogprob;
import belle.proto.Tokens;
import belle.proto.bundle.KvType;
import belle.proto.bundle.WeightType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A request's tokens and log-probabilities are the same bits alone, among others, with another cut of its prefill, on a
 * warm prefix, and after a preemption; with one thread and with two; with every type of cache.
 */
class ExactnessTest {
    private static final EngineConfig USUAL = new EngineConfig(64, 64, 256, 128, 256);
    private static final EngineConfig GUESSING = new EngineConfig(64, 64, 256, 128, 256, 0, 6);
    private static final EngineConfig SMALL_CHUNKS = new EngineConfig(64, 64, 64, 5, 64);

    @TempDir
    private Path folder;

    static Stream<Arguments> machines() {
        return Stream.of(TinyBundles.BLOOM, TinyBundles.LLAMA_GQA)
                .flatMap(model -> Stream.of(
                        Arguments.of(model, WeightType.F16, KvType.F16),
                        Arguments.of(model, WeightType.F16, KvType.F32),
                        Arguments.of(model, WeightType.F16, KvType.Q8),
                        Arguments.of(model, WeightType.Q8, KvType.F32),
                        Arguments.of(model, WeightType.Q4, KvType.Q8)));
    }

    @ParameterizedTest
    @MethodSource("machines")
    void givesTheSameBitsHoweverItIsComputed(String checkpoint, WeightType weights, KvType cache) throws Exception {
        Path bundle = TinyBundles.export(checkpoint, folder, Optional.of(weights));
        List<Completion.Choice> expected;
        try (OpenModel model = OpenModel.open(bundle, config(1, cache))) {
            Tokens prompt = prompt(model);
            LocalGenerator alone = LocalGenerator.of(model, USUAL);
            expected = alone.generate(prompt, sampled(), false, _ -> {}).choices();
            assertThat(expected.getFirst().logprobs()).hasSize(60);

            var warm = alone.generate(prompt, sampled(), false, _ -> {});
            assertThat(warm.usage().cachedTokens()).isPositive();
            assertThat(warm.choices()).as("on a warm prefix").isEqualTo(expected);
            assertThat(LocalGenerator.of(model, SMALL_CHUNKS)
                            .generate(prompt, sampled(), false, _ -> {})
                            .choices())
                    .as("prefilled in small chunks")
                    .isEqualTo(expected);
            assertThat(LocalGenerator.of(model, GUESSING)
                            .generate(prompt, sampled(), false, _ -> {})
                            .choices())
                    .as("with guesses")
                    .isEqualTo(expected);
            assertThat(amongOthers(LocalGenerator.of(model, GUESSING), prompt, 7))
                    .as("with guesses among 7 others")
                    .isEqualTo(expected);
            assertThat(amongOthers(LocalGenerator.of(model, USUAL), prompt, 31))
                    .as("among 31 others")
                    .isEqualTo(expected);
            assertThat(brokenOff(LocalGenerator.of(model, USUAL), prompt, expected.getFirst(), 23))
                    .as("given its first 23 tokens")
                    .isEqualTo(expected.getFirst().logprobs().subList(23, 60));
            var tight = new LocalGenerator(USUAL, model.facts(), new KvCache(9, 32), model.runner());
            assertThat(amongOthers(tight, prompt, 5))
                    .as("with blocks for only some of six")
                    .isEqualTo(expected);
            assertThat(tight.load().preemptions()).isPositive();
        }
        try (OpenModel model = OpenModel.open(bundle, config(2, cache))) {
            assertThat(amongOthers(LocalGenerator.of(model, USUAL), prompt(model), 7))
                    .as("with two threads")
                    .isEqualTo(expected);
        }
    }

    /** The request's choices when {@code others} of other lengths and seeds are computed with it. */
    private static List<Completion.Choice> amongOthers(LocalGenerator generator, Tokens prompt, int others) {
        List<GenerationRequest> requests = new ArrayList<>();
        for (int other = 0; other < others; other++) {
            Tokens shorter = prompt.slice(50 + other % 20, prompt.size());
            requests.add(new GenerationRequest("other-" + other, shorter, goingOn(), "t", false));
        }
        requests.add(others / 2, new GenerationRequest("it", prompt, sampled(), "t", false));
        return generator.generateAll(requests, _ -> {}).get(others / 2).choices();
    }

    /** Log-probabilities of what follows when the first {@code tokens} were generated elsewhere. */
    private static List<TokenLogprob> brokenOff(
            LocalGenerator generator, Tokens prompt, Completion.Choice whole, int tokens) {
        var request = new GenerationRequest("it", prompt, sampled(), "t", false)
                .behind(List.of(whole.ids().slice(0, tokens)));
        return generator
                .generateAll(List.of(request), _ -> {})
                .getFirst()
                .choices()
                .getFirst()
                .logprobs();
    }

    private static RuntimeConfig config(int threads, KvType cache) {
        return new RuntimeConfig(threads, 16 << 20, Optional.of(cache), 32);
    }

    /** More than one block, so that a prefix can be found again. */
    private static Tokens prompt(OpenModel model) {
        Tokens text = model.encode(new Prompt.Chat(List.of(new ChatMessage("user", "hello"))));
        Tokens prompt = text;
        while (prompt.size() < 75) {
            prompt = prompt.plus(text);
        }
        return prompt.slice(0, 75);
    }

    private static SamplingParams goingOn() {
        return new SamplingParams(100, 0, 0, 1, 0, 1, 0, 0, Map.of(), 0, -1, List.of(), true, 1);
    }

    private static SamplingParams sampled() {
        return new SamplingParams(60, 0.8, 30, 0.9, 0, 1.2, 0, 0, Map.of(), 42, 3, List.of(), true, 1);
    }
}
