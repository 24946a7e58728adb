package belle.export.bundle;

import static org.assertj.core.api.Assertions.assertThat;
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
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** GPTQ against the reference's, on the same checkpoints and the same calibration ids. */
class CalibratedLayersTest {
    @TempDir
    private Path folder;

    /** Each matrix's output on the calibration text is at most a tenth further off than the reference's. */
    @ParameterizedTest
    @CsvSource({
        "bloom-tiny, bloom-tiny-belle-gptq-4bit, Q4",
        "bloom-tiny, bloom-tiny-belle-gptq-8bit, Q8",
        "llama-tiny, llama-tiny-belle-gptq-4bit, Q4",
        "llama-tiny, llama-tiny-belle-gptq-8bit, Q8"
    })
    void losesNoMoreThanTheReference(String fixture, String reference, WeightType type) throws Exception {
        Path source = fixture(fixture);
        Map<String, Double> errors;
        try (Checkpoint checkpoint = Checkpoints.open(source, Optional.empty())) {
            ExportOptions options = options(source, type, 128, false);
            Bundle plain = Exporter.export(
                    source,
                    new ExportOptions(folder.resolve("plain"), false, Optional.empty(), PromptTemplates.BELLE, 0),
                    Progress.NONE);
            var layers = new CalibratedLayers(
                    checkpoint,
                    plain.manifest().architecture(),
                    options.calibration().orElseThrow(),
                    folder,
                    Progress.NONE);
            WeightPlan plan = WeightPlan.of(
                    checkpoint, plain.manifest().architecture(), options, WeightType.F16, Optional.of(layers));
            WeightWriter.write(
                    checkpoint,
                    plan,
                    folder.resolve("weights.bin"),
                    new ExportMeter(Progress.NONE, plan.writtenBytes()));
            errors = layers.errors();
        }
        JsonNode expected = Expected.json(fixture(reference).resolve("expected").resolve("quantisation.json"))
                .path("relative_output_error");
        Map<String, Double> allowed = new HashMap<>();
        expected.properties()
                .forEach(each -> allowed.put(
                        each.getKey().replaceFirst("^transformer\\.", "") + ".weight",
                        1.1 * each.getValue().path("gptq").doubleValue()));
        assertThat(errors).hasSameSizeAs(allowed);
        errors.forEach((name, error) -> assertThat(error).as(name).isPositive().isLessThanOrEqualTo(allowed.get(name)));
    }

    /** A vocabulary's worth of head or of positions beside it would be written for nothing. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "llama-tiny | embedding.weight",
                "llama-tiny-gqa | head.weight",
                "bloom-tiny | embedding_norm.weight embedding_norm.bias head.weight"
            })
    void theEmbeddingIsWrittenAlone(String fixture, String written) {
        Path source = fixture(fixture);
        var options = new ExportOptions(folder.resolve("plain"), false, Optional.empty(), PromptTemplates.BELLE, 0);
        var architecture =
                Exporter.export(source, options, Progress.NONE).manifest().architecture();
        try (Checkpoint checkpoint = Checkpoints.open(source, Optional.empty())) {
            var plan = ModelParts.embeddingPlan(checkpoint.config(), architecture);
            assertThat(plan.entries().keySet()).containsExactlyInAnyOrder(written.split(" "));
        }
    }

    /** What a calibrated bundle says of other text; with and without the order by activation. */
    @ParameterizedTest
    @CsvSource({
        "bloom-tiny, Q4, 128, false, 0.05", "bloom-tiny, Q8, 128, true, 0.005", "llama-tiny, Q4, 128, false, 0.05",
        "llama-tiny, Q4, 128, true, 0.05", "llama-tiny, Q4, 32, true, 0.05", "llama-tiny, Q8, 64, false, 0.005",
        "llama-tiny-gqa, Q4, 128, true, 0.05"
    })
    void staysCloseToThePlainModel(String fixture, WeightType type, int group, boolean byActivation, double tolerance)
            throws Exception {
        Path source = fixture(fixture);
        Bundle bundle = Exporter.export(source, options(source, type, group, byActivation), Progress.NONE);
        assertThat(bundle.manifest().weights()).isEqualTo(type.label());
        assertThat(bundle.manifest().tensors().containsKey("layers.1.mlp.down.order"))
                .isEqualTo(byActivation);
        double ratio = QuantisedBundleTest.perplexityRatio(bundle, source.resolve("expected"));
        assertThat(ratio).isCloseTo(1, within(tolerance));
    }

    /** The two perplexities that an export tells are those of the two bundles. */
    @ParameterizedTest
    @CsvSource({"bloom-tiny, Q4", "llama-tiny-gqa, Q4"})
    void measuresWhatItWasNotQuantisedBy(String fixture, WeightType type) throws Exception {
        Path source = fixture(fixture);
        List<List<Integer>> texts = new ArrayList<>();
        for (JsonNode line : Expected.lines(source.resolve("expected").resolve("nll.jsonl"))) {
            texts.add(IntStream.of(Expected.ids(line.path("ids"))).boxed().toList());
        }
        ExportOptions options = options(source, type, 64, texts, true);
        List<String> notes = new ArrayList<>();
        Bundle bundle = Exporter.export(source, options, new Progress() {
            @Override
            public void advanced(long doneBytes, long totalBytes) {}

            @Override
            public void note(String line) {
                notes.add(line);
            }
        });
        Bundle plain = Exporter.export(
                source,
                new ExportOptions(
                        folder.resolve("plain"), false, Optional.of(WeightType.F32), PromptTemplates.BELLE, 0),
                Progress.NONE);
        int predicted = texts.stream().mapToInt(text -> text.size() - 1).sum();
        assertThat(notes.getLast())
                .isEqualTo(new HeldOut.Perplexities(perplexity(plain, texts), perplexity(bundle, texts), predicted)
                        .toString());
    }

    private static double perplexity(Bundle bundle, List<List<Integer>> texts) throws Exception {
        double loss = 0;
        int predicted = 0;
        try (GraphProbe probe = GraphProbe.open(bundle, 1024, KvType.F32, 2)) {
            for (List<Integer> text : texts) {
                loss += FixtureGoldenTest.negativeLogLikelihood(
                        probe, text.stream().mapToInt(id -> id).toArray());
                predicted += text.size() - 1;
            }
        }
        return Math.exp(loss / predicted);
    }

    /** Three small matrices: the factor's rows are those of the inverse's Cholesky factor. */
    @ParameterizedTest
    @CsvSource({"1, 0", "5, 1", "70, 2", "200, 3"})
    void invertsTheHessian(int inputs, long seed) {
        var random = new Random(seed);
        Hessian hessian = new Hessian(inputs);
        float[] rows = new float[3 * inputs * inputs];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = (float) random.nextGaussian();
        }
        hessian.add(rows);
        hessian.complete();
        List<Integer> order = new ArrayList<>(IntStream.range(0, inputs).boxed().toList());
        Collections.shuffle(order, random);
        float[][] factor = InverseFactor.of(hessian, order, 0);
        // U^T U is the inverse: times H it is one.
        double[][] inverse = new double[inputs][inputs];
        for (int k = 0; k < inputs; k++) {
            for (int i = k; i < inputs; i++) {
                for (int j = k; j < inputs; j++) {
                    inverse[i][j] += (double) factor[k][i - k] * factor[k][j - k];
                }
            }
        }
        for (int i = 0; i < inputs; i++) {
            for (int j = 0; j < inputs; j++) {
                double product = 0;
                for (int k = 0; k < inputs; k++) {
                    product += inverse[i][k] * hessian.at(order.get(k), order.get(j));
                }
                assertThat(product).as("%d, %d", i, j).isCloseTo(i == j ? 1 : 0, within(1e-4));
            }
        }
    }

    private ExportOptions options(Path source, WeightType type, int group, boolean byActivation) throws Exception {
        return options(source, type, group, List.of(), byActivation);
    }

    private ExportOptions options(
            Path source, WeightType type, int group, List<List<Integer>> heldOut, boolean byActivation)
            throws Exception {
        List<List<Integer>> sequences = new ArrayList<>();
        for (JsonNode line : Expected.lines(source.resolve("expected").resolve("calibration.jsonl"))) {
            sequences.add(IntStream.of(Expected.ids(line.path("ids"))).boxed().toList());
        }
        return new ExportOptions(
                folder.resolve("bundle"),
                false,
                Optional.of(type),
                Optional.of(group),
                Optional.empty(),
                Optional.of(new Calibration(sequences, heldOut, byActivation)),
                PromptTemplates.BELLE,
                Optional.empty(),
                0);
    }

    private static Path fixture(String name) {
        Path checkpoint = Fixtures.folder(name);
        assumeTrue(Files.exists(checkpoint), () -> "skipped: no fixtures at " + checkpoint);
        return checkpoint;
    }
}
