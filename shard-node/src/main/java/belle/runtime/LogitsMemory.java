package belle.runtime;

import java.nio.FloatBuffer;

/**
 * Native memory for a rank's columns of the logits that is used again; it grows with the largest step. Bounded by the 2 GiB that
 * one buffer holds; the engine's {@code max-logit-rows} keeps steps below.
 */
abstract class LogitsMemory {
    private final int columns;
    private FloatBuffer values = FloatBuffer.allocate(0);

    LogitsMemory(int columns) {
        this.columns = columns;
    }

    final int columns() {
        return columns;
    }

    /** A place for [rows, columns], valid until the next call. */
    final FloatBuffer of(int rows) {
        int wanted = Math.multiplyExact(rows, columns);
        values = values.isDirect() && values.capacity() >= wanted
                ? values.clear()
                : reserve(Math.multiplyExact(columns, PackedStep.grown(rows)));
        return values.limit(wanted);
    }

    /** Memory for so many numbers; what was there is not needed any more. */
    abstract FloatBuffer reserve(int floats);
}
