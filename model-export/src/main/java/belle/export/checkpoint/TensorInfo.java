package belle.export.checkpoint;

import java.util.List;

/**
 * A tensor of a checkpoint.
 *
 * @param name as the tables of expected tensors have it, whatever prefix the file used
 * @param type how its elements are stored
 * @param shape outermost dimension first: [outputs, inputs] for a matrix
 * @param bytes elements times the size of {@code type}
 */
public record TensorInfo(String name, DType type, List<Long> shape, long bytes) {
    public TensorInfo {
        shape = List.copyOf(shape);
    }

    /** Number of elements. */
    public long elements() {
        return bytes / type.bytes();
    }
}
