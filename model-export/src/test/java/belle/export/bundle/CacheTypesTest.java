package belle.export.bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import belle.proto.bundle.Bundle;
import belle.proto.bundle.KvType;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a narrower key/value cache costs in perplexity, on every reference fixture that has texts. */
class CacheTypesTest {
    /**
     * Twice what was measured: 0.07% at most with q8. With f16 0.05% where activations become int8, which any change of a
     * key tips to another code, and 0.002% elsewhere.
     */
    private static final double TOLERANCE = 0.0015;

    @TempDir
    private Path folder;

    static List<String> fixtures() {
        List<String> names = new ArrayList<>(List.of("bloom-tiny", "bloom-tiny-fp32", "llama-tiny", "llama-tiny-gqa"));
        names.addAll(Fixtures.quantised());
        names.addAll(List.of("bloom-tiny-lora", "llama-tiny-lora", "llama-tiny-lora-bin"));
        return names;
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void predictsTextsAsWell(String fixture) throws Exception {
        // An adapter is merged into the checkpoint that its name begins with.
        int adapter = fixture.indexOf("-lora");
        predictsTextsAsWell(
                Fixtures.folder(adapter < 0 ? fixture : fixture.substring(0, adapter)),
                adapter < 0 ? Optional.empty() : Optional.of(Fixtures.folder(fixture)),
                Fixtures.folder(fixture).resolve("expected"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"F16", "Q8_0", "Q4_0"})
    void predictsTextsAsWellFromGguf(String type) throws Exception {
        Path gguf = Fixtures.folder("llama-tiny-gguf");
        predictsTextsAsWell(
                gguf.resolve("llama-tiny-" + type + ".gguf"),
                Optional.empty(),
                gguf.resolve("expected").resolve(type));
    }

    private void predictsTextsAsWell(Path checkpoint, Optional<Path> lora, Path expected) throws Exception {
        assumeTrue(Files.exists(expected), () -> "skipped: no fixtures at " + expected);
        Bundle bundle = Fixtures.export(checkpoint, folder, Optional.empty(), lora);
        double f32 = perplexity(bundle, expected, KvType.F32);
        double f16 = perplexity(bundle, expected, KvType.F16);
        double q8 = perplexity(bundle, expected, KvType.Q8);
        System.out.printf(
                "perplexity of %s: f32 cache %.5f, f16 %.5f (%+.4f%%), q8 %.5f (%+.4f%%)%n",
                lora.orElse(checkpoint).getFileName(), f32, f16, 100 * (f16 / f32 - 1), q8, 100 * (q8 / f32 - 1));
        assertThat(f16 / f32).isCloseTo(1, within(TOLERANCE));
        assertThat(q8 / f32).isCloseTo(1, within(TOLERANCE));
        assertThat(q8)
                .as("another type computes other numbers")
                .isNotEqualTo(f32)
                .isNotEqualTo(f16);
    }

    private static double perplexity(Bundle bundle, Path expected, KvType cache) throws Exception {
        double sum = 0;
        int predicted = 0;
        try (GraphProbe probe = GraphProbe.open(bundle, 1024, cache, 2)) {
            for (JsonNode line : Expected.lines(expected.resolve("nll.jsonl"))) {
                predicted += line.path("predicted").intValue();
                sum += FixtureGoldenTest.negativeLogLikelihood(probe, Expected.ids(line.path("ids")));
            }
        }
        return Math.exp(sum / predicted);
    }
}
