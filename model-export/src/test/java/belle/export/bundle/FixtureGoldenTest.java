package belle.export.bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import belle.proto.bundle.Bundle;
import belle.proto.bundle.KvType;
import belle.proto.bundle.WeightType;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The reference fixtures, exported and run: logits, greedy ids and likelihoods are the reference's. */
final class FixtureGoldenTest {
    private static final double LOGIT_TOLERANCE = 1e-3;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"bloom-tiny", "bloom-tiny-fp32", "llama-tiny", "llama-tiny-gqa"})
    void computesWhatTheReferenceComputes(String fixture) throws Exception {
        computesWhatTheReferenceComputes(fixture, Optional.empty(), Optional.empty());
    }

    /** The reference computes with the numbers that the integers mean. */
    @ParameterizedTest
    @MethodSource("belle.export.bundle.Fixtures#quantised")
    void computesWhatAQuantisedCheckpointMeans(String fixture) throws Exception {
        computesWhatTheReferenceComputes(fixture, Optional.of(WeightType.F32), Optional.empty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"F16", "Q8_0", "Q4_0"})
    void computesWhatAGgufFileMeans(String type) throws Exception {
        Path gguf = Fixtures.folder("llama-tiny-gguf");
        computesWhatTheReferenceComputes(
                gguf.resolve("llama-tiny-" + type + ".gguf"),
                gguf.resolve("expected").resolve(type),
                Optional.of(WeightType.F32),
                Optional.empty());
    }

    @ParameterizedTest
    @CsvSource({"bloom-tiny, bloom-tiny-lora", "llama-tiny, llama-tiny-lora", "llama-tiny, llama-tiny-lora-bin"})
    void computesWhatAMergedAdapterGives(String fixture, String adapter) throws Exception {
        computesWhatTheReferenceComputes(fixture, Optional.of(WeightType.F32), Optional.of(adapter));
    }

    private void computesWhatTheReferenceComputes(
            String fixture, Optional<WeightType> weights, Optional<String> adapter) throws Exception {
        Path checkpoint = Fixtures.folder(fixture);
        Optional<Path> lora = adapter.map(Fixtures::folder);
        computesWhatTheReferenceComputes(checkpoint, lora.orElse(checkpoint).resolve("expected"), weights, lora);
    }

    private void computesWhatTheReferenceComputes(
            Path checkpoint, Path expected, Optional<WeightType> weights, Optional<Path> lora) throws Exception {
        assumeTrue(Files.exists(checkpoint), () -> "skipped: no fixtures at " + checkpoint);
        Bundle bundle = Fixtures.export(checkpoint, folder, weights, lora);
        try (GraphProbe probe = GraphProbe.open(bundle, 1024, KvType.F32, 2)) {
            logits(probe, expected);
            for (JsonNode line : Expected.lines(expected.resolve("greedy.jsonl"))) {
                assertThat(greedy(probe, Expected.ids(line.path("prompt_ids")), 48))
                        .as("greedy ids of %s", line.path("id").asText())
                        .containsExactly(Expected.ids(line.path("greedy_ids")));
            }
            for (JsonNode line : Expected.lines(expected.resolve("nll.jsonl"))) {
                double reference = line.path("sum_nll").doubleValue();
                assertThat(negativeLogLikelihood(probe, Expected.ids(line.path("ids"))))
                        .isCloseTo(reference, within(1e-4 * reference));
            }
        }
    }

    private static void logits(GraphProbe probe, Path expected) throws Exception {
        Map<String, float[][]> logits = Expected.matrices(expected.resolve("logits.safetensors"));
        if (Files.exists(expected.resolve("forty.json"))) {
            int[] forty =
                    Expected.ids(Expected.json(expected.resolve("forty.json")).path("ids"));
            assertThat(Expected.difference(
                            probe.run(forty, 0, forty.length), Objects.requireNonNull(logits.get("all.forty"))))
                    .as("all logits of forty ids")
                    .isLessThan(LOGIT_TOLERANCE);
        }
        for (JsonNode line : Expected.lines(expected.resolve("greedy.jsonl"))) {
            float[][] last = logits.get("last." + line.path("id").asText());
            if (last != null) {
                assertThat(Expected.difference(probe.run(Expected.ids(line.path("prompt_ids")), 0, 1), last))
                        .as("logits behind %s", line.path("id").asText())
                        .isLessThan(LOGIT_TOLERANCE);
            }
        }
    }

    static int[] greedy(GraphProbe probe, int[] prompt, int count) throws Exception {
        int[] ids = new int[count];
        float[] row = probe.run(prompt, 0, 1)[0];
        for (int i = 0; i < count; i++) {
            ids[i] = largest(row);
            row = probe.run(new int[] {ids[i]}, prompt.length + i, 1)[0];
        }
        return ids;
    }

    static double negativeLogLikelihood(GraphProbe probe, int[] ids) throws Exception {
        float[][] rows = probe.run(Arrays.copyOf(ids, ids.length - 1), 0, ids.length - 1);
        double sum = 0;
        for (int i = 0; i < rows.length; i++) {
            double top = rows[i][largest(rows[i])];
            double total = 0;
            for (float logit : rows[i]) {
                total += Math.exp(logit - top);
            }
            sum += Math.log(total) + top - rows[i][ids[i + 1]];
        }
        return sum;
    }

    private static int largest(float[] row) {
        int best = 0;
        for (int id = 1; id < row.length; id++) {
            best = row[id] > row[best] ? id : best;
        }
        return best;
    }
}
