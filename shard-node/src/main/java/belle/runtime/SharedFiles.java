package belle.runtime;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files that processes of this machine map to share memory; in memory where the system has a place for such. */
final class SharedFiles {
    private static final Path MEMORY = Path.of("/dev/shm");

    private SharedFiles() {}

    /** An empty file that nobody else may read. The caller deletes it once all have it open. */
    static Path create(String what) {
        String prefix = "belle-" + what + "-";
        try {
            return Files.isWritable(MEMORY)
                    ? Files.createTempFile(MEMORY, prefix, "")
                    : Files.createTempFile(prefix, "");
        } catch (IOException e) {
            throw new UncheckedIOException("no memory can be shared with other processes: " + e.getMessage(), e);
        }
    }

    /** Takes the file's name away; those who have it open keep its memory. */
    static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
