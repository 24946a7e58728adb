package belle.export.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** GGUF files, which hold a checkpoint's configuration, tokenizer and weights in one. */
public final class Gguf {
    private Gguf() {}

    /** Tells whether {@code path} is named as such a file is. */
    public static boolean isOne(Path path) {
        return path.getFileName() != null
                && path.getFileName().toString().endsWith(".gguf")
                && !Files.isDirectory(path);
    }

    /**
     * Returns a file's metadata by its keys.
     *
     * @throws belle.proto.FailureException when it is broken
     */
    public static ObjectNode metadata(Path path) {
        try (SourceFile file = SourceFile.open(path)) {
            return GgufFile.read(file).metadata();
        }
    }

    /** Opens a file as a checkpoint, whose folder it is then; the caller closes it. */
    static Checkpoint open(Path path) {
        SourceFile file = SourceFile.open(path);
        try {
            GgufFile header = GgufFile.read(file);
            GgufModel model = new GgufModel(file, header);
            return new OpenCheckpoint(
                    path,
                    model.config(),
                    model.generation(),
                    List.of(file),
                    model.tensors(),
                    Optional.of(header.metadata()));
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }
}
