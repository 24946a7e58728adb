package belle.export.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import belle.export.bundle.Fixtures;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The reference checkpoints, where they are at hand. */
class FixtureCheckpointsTest {
    static Stream<String> names() {
        return Stream.concat(
                Stream.of("bloom-tiny", "bloom-tiny-fp32", "llama-tiny", "llama-tiny-gqa"),
                Fixtures.quantised().stream());
    }

    @ParameterizedTest
    @MethodSource("names")
    void readsEveryTensor(String name) {
        try (Checkpoint checkpoint = Checkpoints.open(fixture(name))) {
            checkpoint.tensors().forEach((tensor, info) -> {
                float[] values = new float[(int) info.elements()];
                checkpoint.read(tensor, 0, values, 0, values.length);
                assertThat(values).as(tensor).isNotEqualTo(new float[values.length]);
            });
            assertThat(checkpoint.generation().eosIds()).containsExactly(2);
        }
    }

    @Test
    void torchHalvesAreTheRoundedFloatsOfSafetensors() {
        try (Checkpoint halves = Checkpoints.open(fixture("bloom-tiny"));
                Checkpoint floats = Checkpoints.open(fixture("bloom-tiny-fp32"))) {
            assertThat(halves.config()).isEqualTo(floats.config());
            assertThat(List.copyOf(halves.tensors().keySet()))
                    .isEqualTo(List.copyOf(floats.tensors().keySet()));
            floats.tensors().forEach((tensor, info) -> {
                float[] expected = new float[(int) info.elements()];
                floats.read(tensor, 0, expected, 0, expected.length);
                for (int i = 0; i < expected.length; i++) {
                    expected[i] = Float.float16ToFloat(Float.floatToFloat16(expected[i]));
                }
                float[] given = new float[expected.length];
                halves.read(tensor, 0, given, 0, given.length);
                assertThat(given).as(tensor).isEqualTo(expected);
            });
        }
    }

    private static Path fixture(String name) {
        Path folder = Fixtures.folder(name);
        assumeTrue(Files.isDirectory(folder), () -> "no reference checkpoint at " + folder);
        return folder;
    }
}
