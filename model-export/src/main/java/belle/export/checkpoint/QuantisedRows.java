package belle.export.checkpoint;

/** Some outputs of a quantised matrix. Not thread-safe. */
public final class QuantisedRows {
    private final int inputs;
    private final int groups;
    /** [rows][inputs], unsigned. */
    private final byte[] codes;
    /** [rows][groups], unsigned. */
    private final byte[] zeros;
    /** [rows][groups]. */
    private final float[] scales;

    /** Room for {@code rows} outputs of a matrix of {@code inputs} inputs in {@code groups} groups. */
    public QuantisedRows(int rows, int inputs, int groups) {
        this.inputs = inputs;
        this.groups = groups;
        this.codes = new byte[rows * inputs];
        this.zeros = new byte[rows * groups];
        this.scales = new float[rows * groups];
    }

    /** Returns the code of an input, 0 to 255. */
    public int code(int row, int input) {
        return Byte.toUnsignedInt(codes[row * inputs + input]);
    }

    /** Returns a group's zero, 0 to 255. */
    public int zero(int row, int group) {
        return Byte.toUnsignedInt(zeros[row * groups + group]);
    }

    public float scale(int row, int group) {
        return scales[row * groups + group];
    }

    /** Copies rows {@code [row, row + count)} of {@code from}, which has the same inputs and groups, to {@code at}. */
    public void copy(QuantisedRows from, int row, int count, int at) {
        System.arraycopy(from.codes, row * inputs, codes, at * inputs, count * inputs);
        System.arraycopy(from.zeros, row * groups, zeros, at * groups, count * groups);
        System.arraycopy(from.scales, row * groups, scales, at * groups, count * groups);
    }

    /** Sets a code of at most 8 bits. */
    public void setCode(int row, int input, int code) {
        codes[row * inputs + input] = (byte) code;
    }

    /** Sets a group's scale and its zero of at most 8 bits. */
    public void setGroup(int row, int group, float scale, int zero) {
        scales[row * groups + group] = scale;
        zeros[row * groups + group] = (byte) zero;
    }
}
