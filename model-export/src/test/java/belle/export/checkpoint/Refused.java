package belle.export.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import belle.proto.Failure;
import belle.proto.FailureException;
import java.nio.file.Path;

/** What a broken checkpoint must get: one line that names the file and the field. */
final class Refused {
    private Refused() {}

    /** Opens {@code dir} and reads all of it, which must end in a {@code Broken} with these parts. */
    static void by(Path dir, String file, String field, String problem) {
        FailureException thrown = catchThrowableOfType(FailureException.class, () -> readAll(dir));
        assertThat(thrown).as("refused").isNotNull();
        assertThat(thrown.failure()).isInstanceOfSatisfying(Failure.Broken.class, broken -> {
            assertThat(broken.message()).doesNotContain("\n").hasSizeLessThan(1000);
            assertThat(Path.of(broken.file()).getFileName()).hasToString(file);
            assertThat(broken.field()).isEqualTo(field);
            assertThat(broken.problem()).contains(problem);
        });
    }

    static void readAll(Path dir) {
        try (Checkpoint checkpoint = Checkpoints.open(dir)) {
            for (TensorInfo tensor : checkpoint.tensors().values()) {
                float[] values = new float[Math.toIntExact(tensor.elements())];
                checkpoint.read(tensor.name(), 0, values, 0, values.length);
            }
        }
    }
}
