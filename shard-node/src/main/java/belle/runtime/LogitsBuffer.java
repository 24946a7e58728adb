package belle.runtime;

import java.nio.FloatBuffer;

/**
 * Logits in this process's own memory. Bounded by the 2 GiB that one buffer holds; the engine's {@code max-logit-rows} keeps steps
 * below.
 */
final class LogitsBuffer implements LogitsMemory {
    private final int columns;
    private FloatBuffer values = floats(0);

    LogitsBuffer(int columns) {
        this.columns = columns;
    }

    @Override
    public int columns() {
        return columns;
    }

    @Override
    public FloatBuffer of(int rows) {
        int wanted = Math.multiplyExact(rows, columns);
        values = values.capacity() < wanted
                ? floats(Math.multiplyExact(columns, PackedStep.grown(rows)))
                : values.clear();
        return values.limit(wanted);
    }

    private static FloatBuffer floats(int count) {
        return PackedStep.direct(count, Float.BYTES).asFloatBuffer();
    }
}
