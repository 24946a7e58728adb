package belle.ort;

import java.lang.foreign.MemorySegment;

/**
 * A tensor over memory that somebody else owns: a name for a place, freed by itself and without it.
 *
 * @param handle ONNX Runtime's
 */
public record Tensor(OrtSession session, MemorySegment handle) implements AutoCloseable {
    /** Types of elements, by ONNX's numbers. */
    public enum Type {
        FLOAT(1, 4),
        INT64(7, 8),
        FLOAT16(10, 2);

        private final int number;
        private final int bytes;

        Type(int number, int bytes) {
            this.number = number;
            this.bytes = bytes;
        }

        int number() {
            return number;
        }

        /** Bytes of one element. */
        public int bytes() {
            return bytes;
        }
    }

    @Override
    public void close() {
        session.release(this);
    }
}
