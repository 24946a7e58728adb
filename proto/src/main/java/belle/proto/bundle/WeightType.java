package belle.proto.bundle;

import belle.proto.Check;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * How a tensor's numbers are stored in {@code weights.bin}. Quantised matrices are cut into column tiles of 64 outputs and
 * groups of inputs; a block holds a tile's codes of a group, then 64 float32 scales and 64 unsigned zeros of 8 bits. A weight
 * is (code - zero) * scale.
 */
public enum WeightType {
    F32("f32", 32),
    F16("f16", 16),
    Q8("q8", 8),
    Q4("q4", 4),
    /** Which input of a matrix each one is. */
    I32("i32", 32);

    /** Inputs that may share a scale. */
    public static final List<Integer> GROUPS = List.of(32, 64, 128);

    /** Outputs side by side in a tile. */
    public static final int TILE = 64;

    private final String label;
    private final int bits;

    WeightType(String label, int bits) {
        this.label = label;
        this.bits = bits;
    }

    /** Finds the type that manifests call {@code label}. */
    public static Optional<WeightType> of(String label) {
        return Arrays.stream(values()).filter(type -> type.label.equals(label)).findFirst();
    }

    public String label() {
        return label;
    }

    /** Bits of a number; scales and zeros come on top. */
    public int bits() {
        return bits;
    }

    public boolean isQuantised() {
        return this == Q8 || this == Q4;
    }

    /** Bytes of a block of {@code group} inputs and 64 outputs. */
    public int blockBytes(int group) {
        Check.that(isQuantised(), "%s has no blocks", label);
        return TILE * (group * bits / 8 + Float.BYTES + 1);
    }

    /**
     * Returns the bytes that a tensor takes.
     *
     * @param layout a missing output of a {@code tiles64} matrix, or input of its last group, takes place all the same
     * @param dims [N, K] or [N]
     * @param group of the inputs of a quantised matrix
     */
    public long bytes(String layout, List<Integer> dims, int group) {
        long inputs = dims.size() == 2 ? dims.getLast() : 1;
        long tiles = Math.ceilDiv(dims.getFirst(), TILE);
        if (isQuantised()) {
            return tiles * Math.ceilDiv(inputs, group) * blockBytes(group);
        }
        long outputs = layout.equals("tiles64") ? tiles * TILE : dims.getFirst();
        return outputs * inputs * bits / Byte.SIZE;
    }

    @Override
    public String toString() {
        return label;
    }
}
