package belle.export.checkpoint;

import java.util.List;

/**
 * A matrix [outputs, inputs] as its file quantised it: a weight is (code - zero) * scale, scale and zero being those of the
 * output and the group of inputs. Once it is prepared, reads share no state.
 */
public interface QuantisedTensor {
    QuantisedForm form();

    /** Which of the model's inputs each input is; empty where they are in order. */
    List<Integer> order();

    /** Whether {@link #order} is not empty, which may be known before the order is. */
    default boolean isOrdered() {
        return !order().isEmpty();
    }

    /** Does the work that all reads share; before the first of them, and not beside another one. */
    default void prepare() {}

    /**
     * Reads outputs {@code [row, row + count)} into the rows of {@code into} from {@code at} on.
     *
     * @throws belle.proto.FailureException when a scale is not a finite number
     */
    void read(int row, int count, QuantisedRows into, int at);
}
