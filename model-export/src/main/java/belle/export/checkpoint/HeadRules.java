package belle.export.checkpoint;

import java.util.Optional;

/**
 * Checks sizes of attention heads. A refusal names the field as the file at hand calls it.
 *
 * @param hidden the field of the hidden size
 * @param kvHeads the field of the key and value heads' number
 * @param headDim the field of a head's size
 */
record HeadRules(Fields fields, String hidden, String kvHeads, String headDim) {
    private static final int UNIT = 8;
    private static final int MOST = 256;

    /** Returns the head size that the file states, if it does; with it the heads need not divide the hidden size. */
    Optional<Integer> stated() {
        return fields.integer(1, MOST, headDim);
    }

    /** Returns a head's size: {@code stated}, or an even part of the hidden size. */
    int checked(int hiddenSize, int heads, Optional<Integer> stated) {
        if (stated.isEmpty() && hiddenSize % heads != 0) {
            throw fields.refused(hidden, "%d cannot be divided by %d heads", hiddenSize, heads);
        }
        int size = stated.orElse(hiddenSize / heads);
        if (size % UNIT != 0 || size > MOST) {
            throw fields.refused(headDim, "a multiple of %d up to %d is known, given %d", UNIT, MOST, size);
        }
        return size;
    }

    /** Returns the number of key and value heads, which {@code heads} share; as many where the file is silent. */
    int shared(int heads) {
        int shared = fields.integer(1, ConfigReader.MOST_HEADS, kvHeads).orElse(heads);
        if (heads % shared != 0) {
            throw fields.refused(kvHeads, "%d heads cannot share %d evenly", heads, shared);
        }
        return shared;
    }
}
