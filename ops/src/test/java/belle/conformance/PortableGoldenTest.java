package belle.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import belle.engine.EngineConfig;
import belle.export.bundle.ExportOptions;
import belle.export.bundle.Exporter;
import belle.export.checkpoint.Progress;
import belle.proto.SamplingParams;
import belle.proto.TokenLogprob;
import belle.proto.Tokens;
import belle.proto.bundle.PromptTemplates;
import belle.proto.bundle.WeightType;
import belle.runtime.LocalGenerator;
import belle.runtime.OpenModel;
import belle.runtime.Provider;
import belle.runtime.RuntimeConfig;
import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The portable graph against the reference, on every checkpoint: in float32 everything is the reference's; as the checkpoint
 * is stored products are rounded to float16, and the text is as likely as it is to the reference.
 */
class PortableGoldenTest {
    private static final double LOGIT_TOLERANCE = 1e-3;
    private static final double NLL_TOLERANCE = 1e-4;
    private static final double ROUNDED_NLL_TOLERANCE = 3e-3;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({
        "bloom-tiny, '', expected, ''",
        "bloom-tiny-fp32, '', expected, ''",
        "llama-tiny, '', expected, ''",
        "llama-tiny-gqa, '', expected, ''",
        "bloom-tiny-autogptq-4bit, '', expected, ''",
        "bloom-tiny-autogptq-8bit-act, '', expected, ''",
        "bloom-tiny-belle-gptq-4bit, '', expected, ''",
        "bloom-tiny-belle-gptq-8bit, '', expected, ''",
        "llama-tiny-autogptq-4bit-act, '', expected, ''",
        "llama-tiny-belle-gptq-4bit, '', expected, ''",
        "llama-tiny-belle-gptq-8bit, '', expected, ''",
        "llama-tiny-gguf, llama-tiny-F16.gguf, expected/F16, ''",
        "llama-tiny-gguf, llama-tiny-Q8_0.gguf, expected/Q8_0, ''",
        "llama-tiny-gguf, llama-tiny-Q4_0.gguf, expected/Q4_0, ''",
        "bloom-tiny, '', expected, bloom-tiny-lora",
        "llama-tiny, '', expected, llama-tiny-lora",
        "llama-tiny, '', expected, llama-tiny-lora-bin"
    })
    void computesWhatTheReferenceComputed(String name, String file, String expected, String adapter)
            throws IOException {
        Path checkpoint = Fixture.named(name).folder();
        Optional<Path> lora = adapter.isEmpty()
                ? Optional.empty()
                : Optional.of(Fixture.named(adapter).folder());
        var reference = new Expected(lora.orElse(checkpoint).resolve(expected));
        try (var model = open(checkpoint.resolve(file), Optional.of(WeightType.F32), lora)) {
            var generator = LocalGenerator.of(model, EngineConfig.from(config().getConfig("engine")));
            var logits = reference.logits();
            for (JsonNode line : reference.lines("greedy.jsonl")) {
                String id = line.get("id").asText();
                Tokens prompt = Tokens.of(Fixture.ids(line.get("prompt_ids")));
                int[] ids = Fixture.ids(line.get("greedy_ids"));
                var got = generator.generate(prompt, greedy(ids.length), false, _ -> {});
                assertThat(got.choices().getFirst().ids().toArray()).as(id).isEqualTo(ids);
                float[] last = logits.get("last." + id);
                if (last != null) {
                    assertThat(difference(last, generator.promptLogits(prompt).getLast()))
                            .as(id)
                            .isLessThan(LOGIT_TOLERANCE);
                }
            }
            likelihoods(generator, reference, NLL_TOLERANCE);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "bloom-tiny, ''",
        "llama-tiny, ''",
        "llama-tiny-gqa, ''",
        "bloom-tiny-autogptq-4bit, ''",
        "bloom-tiny-autogptq-8bit-act, ''",
        "bloom-tiny-belle-gptq-4bit, ''",
        "bloom-tiny-belle-gptq-8bit, ''",
        "llama-tiny-autogptq-4bit-act, ''",
        "llama-tiny-belle-gptq-4bit, ''",
        "llama-tiny-belle-gptq-8bit, ''",
        "llama-tiny-gguf, Q8_0",
        "llama-tiny-gguf, Q4_0"
    })
    void isAsSureOfATextAsTheReferenceWas(String name, String gguf) throws IOException {
        Path checkpoint = Fixture.named(name).folder();
        Path file = gguf.isEmpty() ? checkpoint : checkpoint.resolve("llama-tiny-" + gguf + ".gguf");
        var reference = new Expected(checkpoint.resolve("expected").resolve(gguf));
        try (var model = open(file, Optional.empty(), Optional.empty())) {
            assertThat(model.manifest().weights()).isNotEqualTo("f32");
            var generator = LocalGenerator.of(model, EngineConfig.from(config().getConfig("engine")));
            likelihoods(generator, reference, ROUNDED_NLL_TOLERANCE);
        }
    }

    private OpenModel open(Path checkpoint, Optional<WeightType> weights, Optional<Path> lora) {
        Path bundle = folder.resolve("bundle");
        var options = new ExportOptions(
                bundle,
                false,
                weights,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                PromptTemplates.BELLE,
                lora,
                true,
                0);
        Exporter.export(checkpoint, options, Progress.NONE);
        OpenModel model = OpenModel.open(bundle, RuntimeConfig.from(config().getConfig("runtime")));
        assertThat(model.provider()).isEqualTo(Provider.PORTABLE);
        return model;
    }

    private static Config config() {
        return ConfigFactory.parseString("belle.node.runtime.provider = portable")
                .withFallback(ConfigFactory.load())
                .getConfig("belle.node");
    }

    private static void likelihoods(LocalGenerator generator, Expected reference, double tolerance) throws IOException {
        for (JsonNode line : reference.lines("nll.jsonl")) {
            List<TokenLogprob> scores = generator.score(Tokens.of(Fixture.ids(line.get("ids"))));
            double nll =
                    -scores.stream().skip(1).mapToDouble(TokenLogprob::logprob).sum();
            double sum = line.get("sum_nll").asDouble();
            assertThat(nll).isCloseTo(sum, within(tolerance * sum));
        }
    }

    private static double difference(float[] expected, float[] values) {
        double worst = 0;
        for (int i = 0; i < values.length; i++) {
            worst = Math.max(worst, Math.abs((double) values[i] - expected[i]));
        }
        return worst;
    }

    private static SamplingParams greedy(int tokens) {
        var plain = SamplingParams.greedy(tokens);
        return new SamplingParams(
                tokens, 0, 0, 1, 0, 1, 0, 0, plain.logitBias(), 0, plain.topLogprobs(), List.of(), true, 1);
    }
}
