package belle.export.bundle;

import belle.proto.Failure;
import belle.proto.FailureException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/** One worker's memory: float32 values, and their bytes on the way to the file. */
final class Scratch {
    /** From here on a float32 rounds to infinity in float16. */
    private static final float HALF_OVERFLOW = 65520f;

    private static final int BYTES = 1 << 20;

    final float[] values;
    private final short[] halves = new short[BYTES / Short.BYTES];
    private final ByteBuffer bytes = ByteBuffer.allocateDirect(BYTES).order(ByteOrder.LITTLE_ENDIAN);

    Scratch(int elements) {
        values = new float[elements];
    }

    /** Writes {@code values[from, from + count)} at {@code position} as float32; returns the bytes written. */
    long writeFloats(FileChannel file, long position, int from, int count) throws IOException {
        long at = position;
        int step = BYTES / Float.BYTES;
        for (int i = from; i < from + count; i += step) {
            int n = Math.min(step, from + count - i);
            bytes.clear().asFloatBuffer().put(values, i, n);
            at += drain(file, at, n * Float.BYTES);
        }
        return at - position;
    }

    /** The same as float16, rounded to nearest even; refuses what float16 cannot hold, naming the tensor. */
    long writeHalves(FileChannel file, long position, int from, int count, String tensor) throws IOException {
        long at = position;
        for (int i = from; i < from + count; i += halves.length) {
            int n = Math.min(halves.length, from + count - i);
            float largest = 0;
            for (int j = 0; j < n; j++) {
                float value = values[i + j];
                largest = Math.max(largest, Math.abs(value));
                halves[j] = Float.floatToFloat16(value);
            }
            if (!(largest < HALF_OVERFLOW)) {
                throw new FailureException(new Failure.Broken(
                        tensor, "value", largest + " is over float16's limit of 65504: export with --weights f32"));
            }
            bytes.clear().asShortBuffer().put(halves, 0, n);
            at += drain(file, at, n * Short.BYTES);
        }
        return at - position;
    }

    private long drain(FileChannel file, long position, int count) throws IOException {
        return drain(file, position, bytes.position(0).limit(count));
    }

    /** Writes all of a buffer's remaining bytes at {@code position}; returns how many they were. */
    static long drain(FileChannel file, long position, ByteBuffer bytes) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
            at += file.write(bytes, at);
        }
        return at - position;
    }
}
