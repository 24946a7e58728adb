package belle.runtime;

import belle.engine.Logits;
import java.nio.FloatBuffer;

/**
 * Logits that lie in the order of a step's runs, seen in the order of its slices.
 *
 * @param places where each of the step's rows lies in {@code values}
 */
@SuppressWarnings("ArrayRecordComponent") // a view for one step, never compared
record SlotLogits(FloatBuffer values, int[] places, int vocabulary) implements Logits {
    @Override
    public int rows() {
        return places.length;
    }

    @Override
    public float at(int row, int id) {
        return values.get(places[row] * vocabulary + id);
    }

    @Override
    public void copyRow(int row, float[] into) {
        values.get(places[row] * vocabulary, into, 0, vocabulary);
    }
}
