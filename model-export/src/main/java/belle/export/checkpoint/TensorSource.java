package belle.export.checkpoint;

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
}
