package belle.export.checkpoint;

/** Element type of a stored tensor, named as safetensors names it. Only F32, F16 and BF16 can be read as numbers. */
public enum DType {
    F64(8),
    F32(4),
    F16(2),
    BF16(2),
    F8_E4M3(1),
    F8_E5M2(1),
    I64(8),
    I32(4),
    I16(2),
    I8(1),
    U64(8),
    U32(4),
    U16(2),
    U8(1),
    BOOL(1);

    private final int bytes;

    DType(int bytes) {
        this.bytes = bytes;
    }

    /** Size of one element in bytes. */
    public int bytes() {
        return bytes;
    }

    /** Whether weights of this type are read. */
    public boolean isWeight() {
        return this == F32 || this == F16 || this == BF16;
    }
}
