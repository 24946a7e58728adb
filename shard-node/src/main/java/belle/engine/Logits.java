package belle.engine;

/** The result of a step: one row of V logits for every row its slices asked for, in slice order. */
public interface Logits {
    /** R, the sum of the step's {@link Slice#logitRows()}. */
    int rows();

    /** V. */
    int vocabulary();

    /** Returns one logit. */
    float at(int row, int id);

    /** Copies a row to {@code into[0, vocabulary())}. */
    void copyRow(int row, float[] into);
}
