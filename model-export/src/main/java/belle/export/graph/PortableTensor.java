package belle.export.graph;

import java.util.List;

/**
 * A tensor of portable.bin: where it lies, and which of the bundle's own tensors it is made of.
 *
 * @param name in the graph
 * @param sources names in weights.bin; their rows follow one another
 * @param offset in portable.bin, a multiple of {@link belle.proto.bundle.Manifest.TensorEntry#ALIGNMENT_BYTES}
 */
public record PortableTensor(String name, Format format, List<String> sources, long offset, long bytes) {
    /** How the numbers are written. A matrix has a row for each output, and its inputs side by side. */
    public enum Format {
        /** Float32 numbers. */
        F32,
        /** Float16 numbers, rounded to nearest. */
        F16,
        /** Int32 numbers, as they are. */
        I32,
        /** {@code MatMulNBits}'s codes of 4 bits: [N, groups, group / 2] bytes, an even input in the lower half. */
        CODES_4,
        /** The same of 8 bits: [N, groups, group]. */
        CODES_8,
        /** Float32 scales: [N, groups]. */
        SCALES_F32,
        /** Float16 scales. */
        SCALES_F16,
        /** Zeros of 4 bits: [N, ceil(groups / 2)] bytes, an even group in the lower half. */
        ZEROS_4,
        /** Zeros of 8 bits: [N, groups]. */
        ZEROS_8
    }

    public PortableTensor {
        sources = List.copyOf(sources);
    }
}
