package belle.export.bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import belle.export.checkpoint.Checkpoint;
import belle.export.checkpoint.Checkpoints;
import belle.export.checkpoint.Progress;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.KvType;
import belle.proto.bundle.PromptTemplates;
import belle.proto.bundle.WeightType;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Quantised bundles: what the file's integers mean stays what it is, and the model says what it said. */
class QuantisedBundleTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @MethodSource("belle.export.bundle.Fixtures#quantised")
    void keepsTheIntegersOfGptq(String fixture) throws Exception {
        Path checkpoint = fixture(fixture);
        Bundle bundle = export(checkpoint, Optional.empty(), Optional.empty());
        assertThat(bundle.manifest().weights()).isEqualTo(fixture.contains("4bit") ? "q4" : "q8");
        keepsEveryWeight(bundle, checkpoint);
        likelihood(bundle, checkpoint.resolve("expected"), 0.003);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Q8_0", "Q4_0"})
    void keepsTheIntegersOfGguf(String type) throws Exception {
        Path folder = fixture("llama-tiny-gguf");
        Path checkpoint = folder.resolve("llama-tiny-" + type + ".gguf");
        Bundle bundle = export(checkpoint, Optional.empty(), Optional.empty());
        assertThat(bundle.manifest().weights()).isEqualTo(type.equals("Q4_0") ? "q4" : "q8");
        assertThat(bundle.manifest().group()).isEqualTo(32);
        keepsEveryWeight(bundle, checkpoint);
        likelihood(bundle, folder.resolve("expected").resolve(type), 0.003);
    }

    /** Eight bits hold four, and small groups hold what large ones share. */
    @ParameterizedTest
    @CsvSource({"bloom-tiny-belle-gptq-4bit, 64", "llama-tiny-autogptq-4bit-act, 32"})
    void keepsThemInWiderTypesAndSmallerGroups(String fixture, int group) throws Exception {
        Path checkpoint = fixture(fixture);
        Bundle bundle = export(checkpoint, Optional.of(WeightType.Q8), Optional.of(group));
        assertThat(bundle.manifest().weights()).isEqualTo("q8");
        keepsEveryWeight(bundle, checkpoint);
    }

    @ParameterizedTest
    @CsvSource({
        "bloom-tiny, Q8, 128, 0.005", "bloom-tiny, Q8, 32, 0.005", "llama-tiny, Q8, 64, 0.005",
        "llama-tiny-gqa, Q8, 128, 0.005", "bloom-tiny, Q4, 64, 0.05", "llama-tiny, Q4, 128, 0.06",
        "llama-tiny-gqa, Q4, 32, 0.05"
    })
    void roundsPlainWeights(String fixture, WeightType type, int group, double tolerance) throws Exception {
        Path checkpoint = fixture(fixture);
        Bundle bundle = export(checkpoint, Optional.of(type), Optional.of(group));
        likelihood(bundle, checkpoint.resolve("expected"), tolerance);
    }

    /** A type that a bundle does not have becomes q8, and the export says so; asked for four bits it becomes those. */
    @ParameterizedTest
    @CsvSource({"bloom-tiny-belle-gptq-8bit, Q4, 128, 12, 0.05", "llama-tiny-belle-gptq-8bit, Q4, 64, 14, 0.05"})
    void roundsAgainWhatDoesNotFit(String fixture, WeightType type, int group, int rounded, double tolerance)
            throws Exception {
        Path checkpoint = fixture(fixture);
        List<String> notes = new ArrayList<>();
        Bundle bundle = export(checkpoint, Optional.of(type), Optional.of(group), notes);
        assertThat(bundle.manifest().weights()).isEqualTo(type.label());
        assertThat(notes).singleElement().asString().startsWith(rounded + " matrices");
        likelihood(bundle, checkpoint.resolve("expected"), tolerance);
    }

    /** Also where the embedding reads the head. */
    @ParameterizedTest
    @CsvSource({"bloom-tiny, Q8, 128", "llama-tiny, Q4, 64", "bloom-tiny, Q4, 32"})
    void theHeadMayHaveEightBits(String fixture, WeightType weights, int group) throws Exception {
        Path checkpoint = fixture(fixture);
        List<String> notes = new ArrayList<>();
        Optional<WeightType> type = Optional.of(weights);
        Bundle bundle = export(checkpoint, type, Optional.of(group), Optional.of(WeightType.Q8), notes);
        var tensors = bundle.manifest().tensors();
        assertThat(Objects.requireNonNull(tensors.get("head.weight")).type()).isEqualTo("q8");
        assertThat(tensors.containsKey("embedding.weight")).isEqualTo(!fixture.startsWith("bloom"));
        likelihood(bundle, checkpoint.resolve("expected"), weights == WeightType.Q8 ? 0.005 : 0.05);
    }

    @Test
    void plainWeightsHaveNoHeadOfTheirOwn() {
        Path checkpoint = fixture("bloom-tiny");
        Optional<WeightType> head = Optional.of(WeightType.Q8);
        assertThatThrownBy(() ->
                        export(checkpoint, Optional.of(WeightType.F16), Optional.empty(), head, new ArrayList<>()))
                .hasMessageContaining("head q8 is for quantised weights, but these are f16");
    }

    private static Path fixture(String name) {
        Path checkpoint = Fixtures.folder(name);
        assumeTrue(Files.exists(checkpoint), () -> "skipped: no fixtures at " + checkpoint);
        return checkpoint;
    }

    private Bundle export(Path checkpoint, Optional<WeightType> weights, Optional<Integer> group) {
        List<String> notes = new ArrayList<>();
        Bundle bundle = export(checkpoint, weights, group, notes);
        assertThat(notes).isEmpty();
        return bundle;
    }

    private Bundle export(Path checkpoint, Optional<WeightType> weights, Optional<Integer> group, List<String> notes) {
        return export(checkpoint, weights, group, Optional.empty(), notes);
    }

    private Bundle export(
            Path checkpoint,
            Optional<WeightType> weights,
            Optional<Integer> group,
            Optional<WeightType> head,
            List<String> notes) {
        var options = new ExportOptions(
                folder.resolve("bundle"),
                false,
                weights,
                group,
                head,
                Optional.empty(),
                PromptTemplates.BELLE,
                Optional.empty(),
                0);
        return Exporter.export(checkpoint, options, new Progress() {
            @Override
            public void advanced(long doneBytes, long totalBytes) {}

            @Override
            public void note(String line) {
                notes.add(line);
            }
        });
    }

    private static void keepsEveryWeight(Bundle bundle, Path source) throws Exception {
        try (Checkpoint checkpoint = Checkpoints.open(source, Optional.empty())) {
            WeightPlan plan = WeightPlan.of(
                    checkpoint,
                    bundle.manifest().architecture(),
                    new ExportOptions(source, false, Optional.empty(), PromptTemplates.BELLE, 0),
                    WeightType.F16,
                    Optional.empty());
            int compared = 0;
            for (var planned : plan.tensors()) {
                var entry = Objects.requireNonNull(bundle.manifest().tensors().get(planned.name()));
                if (StoredBlocks.isQuantised(entry) && planned.recipe() instanceof Recipe.Taken(var parts)) {
                    float[][] stored = StoredBlocks.read(bundle, planned.name());
                    float[] row = new float[stored[0].length];
                    for (int n = 0; n < stored.length; n++) {
                        checkpoint.read(
                                parts.getFirst().tensor(),
                                (long) parts.getFirst().source(n) * row.length,
                                row,
                                0,
                                row.length);
                        assertThat(stored[n])
                                .as("%s, output %d", planned.name(), n)
                                .containsExactly(row);
                    }
                    compared++;
                }
            }
            assertThat(compared).isGreaterThanOrEqualTo(12);
        }
    }

    private static void likelihood(Bundle bundle, Path expected, double tolerance) throws Exception {
        assertThat(perplexityRatio(bundle, expected)).isCloseTo(1, within(tolerance));
    }

    /** Perplexity over all texts, against the reference's of the same weights. */
    static double perplexityRatio(Bundle bundle, Path expected) throws Exception {
        double reference = 0;
        double own = 0;
        int predicted = 0;
        try (GraphProbe probe = GraphProbe.open(bundle, 1024, KvType.F32, 2)) {
            for (JsonNode line : Expected.lines(expected.resolve("nll.jsonl"))) {
                reference += line.path("sum_nll").doubleValue();
                predicted += line.path("predicted").intValue();
                own += FixtureGoldenTest.negativeLogLikelihood(probe, Expected.ids(line.path("ids")));
            }
        }
        return Math.exp((own - reference) / predicted);
    }
}
