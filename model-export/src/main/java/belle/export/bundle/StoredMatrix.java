package belle.export.bundle;

import belle.proto.bundle.Manifest.TensorEntry;
import belle.proto.bundle.WeightType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Reads a {@code tiles64} matrix of weights.bin back, a tile of 64 outputs at a time, whether it is stored as numbers or as
 * codes, leaf by leaf or in one piece. What lies behind the last output is read as it is stored.
 */
final class StoredMatrix {
    static final int TILE = WeightType.TILE;
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Inputs that lie together in a code quad. */
    private static final int QUAD = 4;

    private final MemorySegment weights;
    private final TensorEntry entry;
    private final WeightType type;
    private final int group;

    /**
     * A matrix in {@code weights}, the whole file.
     *
     * @param group inputs that share a scale in quantised weights, else 0
     */
    StoredMatrix(MemorySegment weights, TensorEntry entry, int group) {
        this.weights = weights;
        this.entry = entry;
        this.type = WeightType.of(entry.type()).orElseThrow();
        this.group = group;
    }

    int outputs() {
        return entry.dims().getFirst();
    }

    int inputs() {
        return entry.dims().getLast();
    }

    int tiles() {
        return Math.ceilDiv(outputs(), TILE);
    }

    int groups() {
        return Math.ceilDiv(inputs(), group);
    }

    /** Outputs of tile {@code tile} that exist. */
    int rows(int tile) {
        return Math.min(TILE, outputs() - tile * TILE);
    }

    /** Reads a tile's numbers, codes turned into weights: {@code into[64][K]}. */
    void numbers(int tile, float[] into) {
        if (type.isQuantised()) {
            QuantisedTileRead read = quantised(tile);
            for (int row = 0; row < TILE; row++) {
                for (int k = 0; k < inputs(); k++) {
                    int of = row * groups() + k / group;
                    int code = read.codes[row * groups() * group + k] & 0xff;
                    into[row * inputs() + k] = (code - (read.zeros[of] & 0xff)) * read.scales[of];
                }
            }
            return;
        }
        int size = type.bits() / Byte.SIZE;
        TileLeaves.each(entry, 1, tile, (from, to, before) -> {
            long at = entry.offset() + before * TILE * size;
            for (int k = from; k < to; k++) {
                for (int row = 0; row < TILE; row++, at += size) {
                    into[row * inputs() + k] = type == WeightType.F16
                            ? Float.float16ToFloat(weights.get(HALF, at))
                            : weights.get(FLOAT, at);
                }
            }
        });
    }

    /**
     * A tile of codes, each in a byte of its own.
     *
     * @param codes [64][groups][group]; those behind the last input are 0
     * @param scales [64][groups]
     * @param zeros [64][groups]
     */
    @SuppressWarnings("ArrayRecordComponent") // a worker's own buffers, never compared
    record QuantisedTileRead(byte[] codes, float[] scales, byte[] zeros) {}

    /** Reads a tile of a quantised matrix. */
    QuantisedTileRead quantised(int tile) {
        int groups = groups();
        var read = new QuantisedTileRead(
                new byte[TILE * groups * group], new float[TILE * groups], new byte[TILE * groups]);
        int blockBytes = type.blockBytes(group);
        TileLeaves.each(entry, group, tile, (from, to, before) -> {
            for (int of = from; of < to; of++) {
                block(entry.offset() + (before + of - from) * blockBytes, of, read);
            }
        });
        return read;
    }

    private void block(long offset, int of, QuantisedTileRead into) {
        boolean nibbles = type == WeightType.Q4;
        int step = nibbles ? 2 * QUAD : QUAD;
        int stride = groups() * group;
        long at = offset;
        for (int input = of * group; input < (of + 1) * group; input += step) {
            for (int row = 0; row < TILE; row++) {
                for (int i = input; i < input + QUAD; i++, at++) {
                    int code = weights.get(ValueLayout.JAVA_BYTE, at) & 0xff;
                    into.codes[row * stride + i] = (byte) (nibbles ? code & 0xf : code);
                    if (nibbles) {
                        into.codes[row * stride + i + QUAD] = (byte) (code >> 4);
                    }
                }
            }
        }
        for (int row = 0; row < TILE; row++, at += Float.BYTES) {
            into.scales[row * groups() + of] = weights.get(FLOAT, at);
        }
        for (int row = 0; row < TILE; row++, at++) {
            into.zeros[row * groups() + of] = weights.get(ValueLayout.JAVA_BYTE, at);
        }
    }
}
