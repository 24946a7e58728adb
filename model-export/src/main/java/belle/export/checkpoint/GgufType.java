package belle.export.checkpoint;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * How GGUF stores numbers: plainly, or in blocks that share scales (ggml-common.h and ggml-quants.c of ggml describe the
 * layouts). Every block becomes float32 with the operations of ggml's reference code.
 */
enum GgufType {
    F32(0, 1, 4),
    F16(1, 1, 2),
    BF16(30, 1, 2),
    Q4_0(2, 32, 18),
    Q4_1(3, 32, 20),
    Q5_0(6, 32, 22),
    Q5_1(7, 32, 24),
    Q8_0(8, 32, 34),
    Q4_K(12, 256, 144),
    Q5_K(13, 256, 176),
    Q6_K(14, 256, 210);

    /** Added to a number it leaves all of them as they are, zero's sign too. */
    private static final float NOTHING = -0.0f;

    private static final int HALF = 16;
    private static final int PART = 32;

    private final int id;
    private final int elements;
    private final int bytes;

    GgufType(int id, int elements, int bytes) {
        this.id = id;
        this.elements = elements;
        this.bytes = bytes;
    }

    /** Finds the type that a file calls {@code id}. */
    static Optional<GgufType> of(int id) {
        return Arrays.stream(values()).filter(type -> type.id == id).findFirst();
    }

    /** Numbers in a block. */
    int elements() {
        return elements;
    }

    /** Bytes of a block. */
    int bytes() {
        return bytes;
    }

    /** Writes the numbers of the little-endian block at {@code from} to {@code to} from {@code at} on. */
    void decode(ByteBuffer block, int from, float[] to, int at) {
        switch (this) {
            case F32 -> to[at] = block.getFloat(from);
            case F16 -> to[at] = half(block, from);
            case BF16 -> to[at] = Float.intBitsToFloat(block.getShort(from) << 16);
            case Q4_0 -> nibbles(block, from + 2, half(block, from), -8, NOTHING, to, at);
            case Q4_1 -> nibbles(block, from + 4, half(block, from), 0, half(block, from + 2), to, at);
            case Q5_0 -> fives(block, from + 2, half(block, from), -16, NOTHING, to, at);
            case Q5_1 -> fives(block, from + 4, half(block, from), 0, half(block, from + 2), to, at);
            case Q8_0 -> {
                float scale = half(block, from);
                for (int i = 0; i < elements; i++) {
                    to[at + i] = scale * block.get(from + 2 + i);
                }
            }
            case Q4_K -> fourOrFiveK(block, from, from + 16, -1, to, at);
            case Q5_K -> fourOrFiveK(block, from, from + 48, from + 16, to, at);
            case Q6_K -> sixK(block, from, to, at);
        }
    }

    /**
     * Returns the bits, 4 or 8, in which a bundle holds its numbers exactly: if they are whole ones times one scale a
     * block. 0 if they are not.
     */
    int codeBits() {
        return switch (this) {
            case Q4_0 -> 4;
            case Q5_0, Q8_0 -> 8;
            default -> 0;
        };
    }

    /** Writes the codes, the scale and the zero of the block at {@code from} to group {@code group} of a row. */
    void decodeCodes(ByteBuffer block, int from, QuantisedRows to, int row, int group) {
        int first = group * elements;
        int high = this == Q5_0 ? block.getInt(from + 2) : 0;
        int low = from + (this == Q5_0 ? 6 : 2);
        for (int i = 0; i < elements; i++) {
            int code = this == Q8_0
                    ? block.get(from + 2 + i) + 128
                    : ((unsigned(block, low + i % HALF) >> (i / HALF * 4)) & 15) | (((high >>> i) & 1) << 4);
            to.setCode(row, first + i, code);
        }
        to.setGroup(row, group, half(block, from), this == Q8_0 ? 128 : this == Q5_0 ? 16 : 8);
    }

    private static float half(ByteBuffer block, int at) {
        return Float.float16ToFloat(block.getShort(at));
    }

    private static int unsigned(ByteBuffer block, int at) {
        return Byte.toUnsignedInt(block.get(at));
    }

    /** The first half of the numbers is in the low bits of 16 bytes, the second one in the high bits. */
    private static void nibbles(ByteBuffer block, int from, float scale, int offset, float least, float[] to, int at) {
        for (int i = 0; i < HALF; i++) {
            int both = unsigned(block, from + i);
            to[at + i] = scale * ((both & 15) + offset) + least;
            to[at + HALF + i] = scale * ((both >> 4) + offset) + least;
        }
    }

    /** The same with a fifth bit of each number in the 32 bits before. */
    private static void fives(ByteBuffer block, int from, float scale, int offset, float least, float[] to, int at) {
        int high = block.getInt(from);
        for (int i = 0; i < HALF; i++) {
            int both = unsigned(block, from + 4 + i);
            int first = (both & 15) | (((high >>> i) & 1) << 4);
            int second = (both >> 4) | (((high >>> (i + HALF)) & 1) << 4);
            to[at + i] = scale * (first + offset) + least;
            to[at + HALF + i] = scale * (second + offset) + least;
        }
    }

    /** Eight parts of 32 numbers, each with a scale and a least number of 6 bits; a fifth bit is at {@code high}, or -1. */
    private static void fourOrFiveK(ByteBuffer block, int from, int low, int high, float[] to, int at) {
        float scale = half(block, from);
        float least = half(block, from + 2);
        for (int part = 0; part < 8; part++) {
            float ofPart = scale * packedScale(block, from + 4, part);
            float leastOfPart = least * packedLeast(block, from + 4, part);
            int shift = part % 2 * 4;
            for (int i = 0; i < PART; i++) {
                int number = (unsigned(block, low + part / 2 * PART + i) >> shift) & 15;
                if (high >= 0) {
                    number |= ((unsigned(block, high + i) >> part) & 1) << 4;
                }
                to[at + part * PART + i] = ofPart * number - leastOfPart;
            }
        }
    }

    private static int packedScale(ByteBuffer block, int from, int part) {
        return part < 4
                ? unsigned(block, from + part) & 63
                : (unsigned(block, from + part + 4) & 15) | ((unsigned(block, from + part - 4) >> 6) << 4);
    }

    private static int packedLeast(ByteBuffer block, int from, int part) {
        return part < 4
                ? unsigned(block, from + part + 4) & 63
                : (unsigned(block, from + part + 4) >> 4) | ((unsigned(block, from + part) >> 6) << 4);
    }

    /** Sixteen parts of 16 numbers with a signed scale each; four low bits, two high ones. */
    private static void sixK(ByteBuffer block, int from, float[] to, int at) {
        float scale = half(block, from + 208);
        for (int i = 0; i < 256; i++) {
            int of128 = i / 128;
            int row = i % 128 / PART;
            int column = i % PART;
            int low = (unsigned(block, from + of128 * 64 + row % 2 * PART + column) >> (row / 2 * 4)) & 15;
            int high = (unsigned(block, from + 128 + of128 * PART + column) >> (row * 2)) & 3;
            int ofPart = block.get(from + 192 + of128 * 8 + row * 2 + column / HALF);
            to[at + i] = scale * ofPart * ((low | (high << 4)) - 32);
        }
    }
}
