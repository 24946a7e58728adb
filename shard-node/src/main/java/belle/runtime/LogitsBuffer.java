package belle.runtime;

import java.nio.FloatBuffer;

/** Logits in this process's own memory. */
final class LogitsBuffer extends LogitsMemory {
    LogitsBuffer(int columns) {
        super(columns);
    }

    @Override
    FloatBuffer reserve(int floats) {
        return PackedStep.direct(floats, Float.BYTES).asFloatBuffer();
    }
}
