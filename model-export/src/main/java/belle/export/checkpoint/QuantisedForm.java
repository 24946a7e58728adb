package belle.export.checkpoint;

/**
 * How a matrix is quantised.
 *
 * @param bits of a code: 4 or 8
 * @param inputs of the matrix
 * @param group consecutive inputs that share a scale, in the matrix's order of inputs; the last group may end short
 */
public record QuantisedForm(int bits, int inputs, int group) {
    /** Returns how many groups the inputs make. */
    public int groups() {
        return Math.ceilDiv(inputs, group);
    }
}
