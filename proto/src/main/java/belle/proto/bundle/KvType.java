package belle.proto.bundle;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** The elements of a key/value cache. Rows of int8 elements have a float scale each. */
public enum KvType {
    F32("f32", 32, 0),
    F16("f16", 16, 0),
    Q8("q8", 8, Float.BYTES);

    private final String label;
    private final int bits;
    private final int scaleBytes;

    KvType(String label, int bits, int scaleBytes) {
        this.label = label;
        this.bits = bits;
        this.scaleBytes = scaleBytes;
    }

    /** Finds the type that configurations and bundles call {@code label}. */
    public static Optional<KvType> of(String label) {
        return Arrays.stream(values()).filter(type -> type.label.equals(label)).findFirst();
    }

    /** Says what elements of {@code bits} are called; a member of another version may have a type that is unknown here. */
    public static String labelOf(int bits) {
        return Arrays.stream(values())
                .filter(type -> type.bits == bits)
                .map(KvType::label)
                .findFirst()
                .orElse(bits + " bits");
    }

    /** Returns all labels, for a message. */
    public static String labels() {
        return Arrays.stream(values()).map(KvType::label).collect(Collectors.joining(", "));
    }

    public String label() {
        return label;
    }

    /** Bits of an element; a scale comes on top. */
    public int bits() {
        return bits;
    }

    /** Bytes of one token's keys, or values, of one key/value head. */
    public int rowBytes(int headDim) {
        return headDim * bits / Byte.SIZE + scaleBytes;
    }

    @Override
    public String toString() {
        return label;
    }
}
