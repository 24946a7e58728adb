package belle.export.checkpoint;

import java.util.Optional;

/** What one tensor of a checkpoint is read from. Reads share no state. */
sealed interface TensorSource permits StoredTensor, GptqMatrix, GgufTensor {
    /** Describes the tensor under the name by which the tables know it. */
    TensorInfo info(String normalName);

    /**
     * Reads {@code count} elements from row-major element {@code from} on into {@code target[at, at + count)}.
     *
     * @throws belle.proto.FailureException when one of them is not a finite number
     */
    void read(long from, float[] target, int at, int count);

    /** Whether the file stores less than 16 bits a number. */
    default boolean isQuantised() {
        return false;
    }

    /** Returns the same as the file quantised it, where a bundle can hold that exactly. */
    default Optional<QuantisedTensor> quantised() {
        return Optional.empty();
    }
}
