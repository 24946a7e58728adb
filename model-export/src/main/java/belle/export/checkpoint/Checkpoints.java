package belle.export.checkpoint;

import belle.proto.Failure;
import belle.proto.FailureException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Opens checkpoint folders. */
public final class Checkpoints {
    private Checkpoints() {}

    /**
     * Opens {@code dir}: reads its configuration and the headers of its weight files and checks that exactly the
     * expected tensors are there. Throws {@code FailureException(Broken)} naming file and field.
     */
    public static Checkpoint open(Path dir) {
        if (!Files.isDirectory(dir)) {
            throw new FailureException(new Failure.Broken(dir.toString(), "folder", "there is no such folder"));
        }
        throw new UnsupportedOperationException(dir.toString());
    }
}
