package belle.export.checkpoint;

import belle.proto.Check;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Stored elements as float32. Every conversion is exact; bits of all three types are little-endian. */
final class Elements {
    private static final int F32_INFINITY = 0x7f800000;
    private static final int F16_INFINITY = 0x7c00;
    private static final int BF16_INFINITY = 0x7f80;

    private Elements() {}

    /** Converts all of {@code stored} into {@code target} from {@code at} on. */
    static void toFloats(DType type, ByteBuffer stored, float[] target, int at) {
        ByteBuffer bytes = stored.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        switch (type) {
            case F32 -> {
                FloatBuffer floats = bytes.asFloatBuffer();
                floats.get(target, at, floats.remaining());
            }
            case F16 -> {
                short[] halves = shorts(bytes);
                for (int i = 0; i < halves.length; i++) {
                    target[at + i] = Float.float16ToFloat(halves[i]);
                }
            }
            case BF16 -> {
                short[] halves = shorts(bytes);
                for (int i = 0; i < halves.length; i++) {
                    target[at + i] = Float.intBitsToFloat(halves[i] << 16);
                }
            }
            default -> Check.that(false, "%s holds no weights", type);
        }
    }

    /** Returns the index of the first infinity or NaN, or -1. */
    static int firstNotFinite(DType type, ByteBuffer stored) {
        ByteBuffer bytes = stored.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        return switch (type) {
            case F32 -> {
                int[] bits = new int[bytes.remaining() / Float.BYTES];
                bytes.asIntBuffer().get(bits);
                yield firstAtLeast(bits, F32_INFINITY);
            }
            case F16 -> firstAtLeast(shorts(bytes), F16_INFINITY);
            case BF16 -> firstAtLeast(shorts(bytes), BF16_INFINITY);
            default -> -1;
        };
    }

    private static short[] shorts(ByteBuffer bytes) {
        short[] shorts = new short[bytes.remaining() / Short.BYTES];
        bytes.asShortBuffer().get(shorts);
        return shorts;
    }

    /** The loops over maxima have no branch, so that the compiler can use vectors; the searches are almost never run. */
    private static int firstAtLeast(int[] bits, int limit) {
        int most = 0;
        for (int value : bits) {
            most = Math.max(most, value & 0x7fffffff);
        }
        int at = most < limit ? bits.length : 0;
        while (at < bits.length && (bits[at] & 0x7fffffff) < limit) {
            at++;
        }
        return at < bits.length ? at : -1;
    }

    private static int firstAtLeast(short[] bits, int limit) {
        int most = 0;
        for (short value : bits) {
            most = Math.max(most, value & 0x7fff);
        }
        int at = most < limit ? bits.length : 0;
        while (at < bits.length && (bits[at] & 0x7fff) < limit) {
            at++;
        }
        return at < bits.length ? at : -1;
    }
}
