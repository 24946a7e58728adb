package belle.runtime;

import java.nio.FloatBuffer;

/** Native memory for a rank's columns of the logits that is used again; it grows with the largest step. */
interface LogitsMemory {
    int columns();

    /** A place for [rows, columns], valid until the next call. */
    FloatBuffer of(int rows);
}
