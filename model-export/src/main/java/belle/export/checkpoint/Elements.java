package belle.export.checkpoint;

import belle.proto.Check;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Stored elements as float32. Every conversion is exact; bits of all three types are little-endian. */
final class Elements {
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

    /**
     * Returns the index of the first infinity or NaN, or -1. Those have all exponent bits set, so that adding one to the
     * exponent carries into the sign's place; the loop does so for two 16-bit elements at once and has no branch, for
     * the compiler to use vectors.
     */
    static int firstNotFinite(DType type, ByteBuffer stored) {
        int exponent = type == DType.F32 ? 0x7f800000 : type == DType.F16 ? 0x7c007c00 : 0x7f807f80;
        int one = type == DType.F32 ? 0x00800000 : type == DType.F16 ? 0x04000400 : 0x00800080;
        int carry = type == DType.F32 ? 0x80000000 : 0x80008000;
        int[] words = words(stored);
        int carries = 0;
        for (int word : words) {
            carries |= (word & exponent) + one;
        }
        if ((carries & carry) == 0) {
            return -1;
        }
        int at = 0;
        while (((words[at] & exponent) + one & carry) == 0) {
            at++;
        }
        boolean isInUpperHalf = ((words[at] & exponent) + one & carry & 0xffff) == 0;
        return type == DType.F32 ? at : 2 * at + (isInUpperHalf ? 1 : 0);
    }

    /** The bits as ints, the last one filled up with zeros. */
    private static int[] words(ByteBuffer stored) {
        ByteBuffer bytes = stored.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        int[] words = new int[(bytes.remaining() + Integer.BYTES - 1) / Integer.BYTES];
        bytes.asIntBuffer().get(words, 0, bytes.remaining() / Integer.BYTES);
        if (bytes.remaining() % Integer.BYTES != 0) {
            words[words.length - 1] = Short.toUnsignedInt(bytes.getShort(bytes.limit() - Short.BYTES));
        }
        return words;
    }

    private static short[] shorts(ByteBuffer bytes) {
        short[] shorts = new short[bytes.remaining() / Short.BYTES];
        bytes.asShortBuffer().get(shorts);
        return shorts;
    }
}
