package belle.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import belle.engine.EngineConfig;
import belle.export.bundle.ExportOptions;
import belle.export.bundle.Exporter;
import belle.export.checkpoint.Progress;
import belle.proto.FinishReason;
import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.TokenLogprob;
import belle.proto.Tokens;
import belle.proto.bundle.PromptTemplates;
import belle.runtime.Completion;
import belle.runtime.LocalGenerator;
import belle.runtime.OpenModel;
import belle.runtime.RuntimeConfig;
import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every way that a checkpoint is stored, exported and run, against the reference's ids and numbers. */
class GoldenTest {
    private static final double LOGIT_TOLERANCE = 2e-3;
    private static final double NLL_TOLERANCE = 1e-4;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"bloom-tiny", "bloom-tiny-fp32", "llama-tiny", "llama-tiny-gqa"})
    void computesWhatTheReferenceComputed(String name) throws IOException {
        var fixture = Fixture.named(name);
        var config = ConfigFactory.load().getConfig("belle.node");
        export(fixture, folder.resolve(name));
        try (var model = OpenModel.open(folder.resolve(name), RuntimeConfig.from(config.getConfig("runtime")))) {
            var generator = LocalGenerator.of(model, EngineConfig.from(config.getConfig("engine")));
            for (JsonNode expected : fixture.lines("greedy.jsonl")) {
                greedyIdsAreEqual(model, generator, expected);
            }
            logitsAreWithinTolerance(fixture, generator);
            for (JsonNode expected : fixture.lines("nll.jsonl")) {
                likelihoodIsEqual(generator, expected);
            }
            for (JsonNode expected : fixture.lines("tokenization.jsonl")) {
                tokensAreEqual(model, expected);
            }
        }
    }

    private static void export(Fixture fixture, Path target) {
        var options = new ExportOptions(target, false, Optional.empty(), PromptTemplates.BELLE, 0);
        Exporter.export(fixture.folder(), options, Progress.NONE);
    }

    private static void greedyIdsAreEqual(OpenModel model, LocalGenerator generator, JsonNode expected) {
        String id = expected.get("id").asText();
        Tokens prompt = model.encode(new Prompt.Text(expected.get("prompt").asText()));
        int[] ids = Fixture.ids(expected.get("greedy_ids"));
        assertThat(prompt.toArray()).as(id + " prompt").isEqualTo(Fixture.ids(expected.get("prompt_ids")));
        Completion.Choice whole = first(generator.generate(prompt, greedy(ids.length, true), false, _ -> {}));
        assertThat(whole.ids().toArray()).as(id).isEqualTo(ids);
        assertThat(whole.reason()).as(id).isEqualTo(FinishReason.LENGTH);
        assertThat(whole.text())
                .as(id)
                .isEqualTo(ExpectedText.of(
                        model.tokenizer().vocabulary(),
                        ids,
                        expected.get("text").asText()));
        Fixture.number(expected.get("eos_at")).ifPresent(end -> {
            Completion.Choice stopped = first(generator.generate(prompt, greedy(ids.length, false), false, _ -> {}));
            assertThat(stopped.reason()).as(id).isEqualTo(FinishReason.STOP);
            assertThat(stopped.ids().toArray()).as(id).isEqualTo(Arrays.copyOf(ids, end + 1));
        });
    }

    private static void logitsAreWithinTolerance(Fixture fixture, LocalGenerator generator) throws IOException {
        var logits = fixture.logits();
        List<float[]> forty = generator.promptLogits(
                Tokens.of(Fixture.ids(fixture.object("forty.json").get("ids"))));
        double worst = 0;
        for (int row = 0; row < forty.size(); row++) {
            worst = Math.max(worst, difference(logits.getOrDefault("all.forty", new float[0]), row, forty.get(row)));
        }
        for (JsonNode expected : fixture.lines("greedy.jsonl")) {
            float[] last = logits.get("last." + expected.get("id").asText());
            if (last != null) {
                var rows = generator.promptLogits(Tokens.of(Fixture.ids(expected.get("prompt_ids"))));
                worst = Math.max(worst, difference(last, 0, rows.getLast()));
            }
        }
        assertThat(forty).hasSize(40);
        assertThat(worst).isLessThanOrEqualTo(LOGIT_TOLERANCE);
    }

    private static double difference(float[] matrix, int row, float[] values) {
        double worst = 0;
        for (int i = 0; i < values.length; i++) {
            worst = Math.max(worst, Math.abs((double) values[i] - matrix[row * values.length + i]));
        }
        return worst;
    }

    private static void likelihoodIsEqual(LocalGenerator generator, JsonNode expected) {
        List<TokenLogprob> scores = generator.score(Tokens.of(Fixture.ids(expected.get("ids"))));
        double nll = -scores.stream().skip(1).mapToDouble(TokenLogprob::logprob).sum();
        double reference = expected.get("sum_nll").asDouble();
        assertThat(scores).hasSize(expected.get("predicted").asInt() + 1);
        assertThat(nll).isCloseTo(reference, within(NLL_TOLERANCE * reference));
    }

    private static void tokensAreEqual(OpenModel model, JsonNode expected) {
        String text = expected.get("text").asText();
        Tokens plain = model.tokenizer().encode(text);
        assertThat(plain.toArray()).as(text).isEqualTo(Fixture.ids(expected.get("ids_plain")));
        assertThat(model.tokenizer().decode(plain))
                .isEqualTo(expected.get("decoded").asText());
    }

    private static SamplingParams greedy(int tokens, boolean ignoreEos) {
        var p = SamplingParams.greedy(tokens);
        return new SamplingParams(
                tokens, 0, 0, 1, 0, 1, 0, 0, p.logitBias(), 0, p.topLogprobs(), List.of(), ignoreEos, 1);
    }

    private static Completion.Choice first(Completion completion) {
        return completion.choices().getFirst();
    }
}
