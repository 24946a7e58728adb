package belle.export.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import belle.export.checkpoint.TinyCheckpoints.Form;
import belle.export.checkpoint.TinyCheckpoints.Recipe;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every storage form gives back the bits that were written, whole and in pieces. */
class CheckpointFormsTest {
    @TempDir
    Path dir = Path.of("");

    static Stream<Recipe> recipes() {
        List<Recipe> recipes = new ArrayList<>();
        for (Form form : Form.values()) {
            for (DType type : List.of(DType.F32, DType.F16, DType.BF16)) {
                recipes.add(new Recipe(TinyCheckpoints.bloom(), form, type, true, 1));
                recipes.add(new Recipe(TinyCheckpoints.bloom(), form, type, false, 2));
                recipes.add(new Recipe(TinyCheckpoints.llama(), form, type, false, 3));
            }
        }
        return recipes.stream();
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void givesBackConfigurationNamesAndBits(Recipe recipe) {
        try (Checkpoint checkpoint = Checkpoints.open(TinyCheckpoints.write(dir, recipe))) {
            assertThat(checkpoint.config()).isEqualTo(recipe.config());
            assertThat(List.copyOf(checkpoint.tensors().keySet()))
                    .isEqualTo(List.copyOf(ExpectedTensors.of(recipe.config()).keySet()));
            assertThat(checkpoint.weightFiles()).isSorted().allMatch(file -> file.startsWith(dir));
            TinyCheckpoints.weights(recipe).forEach((name, expected) -> {
                float[] whole = new float[expected.length];
                checkpoint.read(name, 0, whole, 0, whole.length);
                assertThat(whole).as(name).isEqualTo(expected);
                float[] pieces = new float[expected.length + 2];
                for (int at = 0; at < expected.length; at += 997) {
                    checkpoint.read(name, at, pieces, at + 1, Math.min(997, expected.length - at));
                }
                System.arraycopy(pieces, 1, whole, 0, whole.length);
                assertThat(whole).as(name).isEqualTo(expected);
            });
        }
    }
}
