package belle.runtime;

import belle.engine.Logits;
import java.nio.FloatBuffer;

/** A view of R rows of V logits in native memory. */
record DirectLogits(FloatBuffer values, int rows, int vocabulary) implements Logits {
    @Override
    public float at(int row, int id) {
        return values.get(row * vocabulary + id);
    }

    @Override
    public void copyRow(int row, float[] into) {
        values.get(row * vocabulary, into, 0, vocabulary);
    }
}
