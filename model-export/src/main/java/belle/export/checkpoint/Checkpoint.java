package belle.export.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An opened checkpoint: its configuration and exactly the tensors that the configuration asks for.
 *
 * <p>Reads are positioned and share no state, so threads may read side by side. A value that is not a finite number is
 * refused when it is read, with {@code FailureException(Broken)} naming file, tensor and element. Whoever opened it
 * closes it.
 */
public interface Checkpoint extends AutoCloseable {
    /** The folder or file, as it was given. */
    Path dir();

    ModelConfig config();

    /** What {@code generation_config.json} says; all defaults where there is none. */
    GenerationConfig generation();

    /** A GGUF file's metadata by its keys, its tokenizer among them; empty for a folder. */
    Optional<ObjectNode> metadata();

    /**
     * Every tensor of the configuration, in its order and by its names. A tied head has no entry of its own, even
     * if the files repeat it.
     */
    Map<String, TensorInfo> tensors();

    /** The files that hold weights, in name order. */
    List<Path> weightFiles();

    /**
     * Reads {@code count} elements of tensor {@code name} from row-major element {@code from} on, converted to float32
     * (exact for all three stored types), into {@code target[at, at + count)}.
     */
    void read(String name, long from, float[] target, int at, int count);

    /** Whether the file stores less than 16 bits a number of tensor {@code name}. */
    boolean isQuantised(String name);

    /** Returns tensor {@code name} as the file quantised it, where a bundle can hold that exactly. */
    Optional<QuantisedTensor> quantised(String name);

    /** Closes the files. Reads fail afterwards. */
    @Override
    void close();
}
