package belle.runtime;

import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.bundle.KvType;
import belle.proto.bundle.Manifest;

/**
 * The shape of a key/value pool: {@code [layer][block][kv head]{keys [D][block tokens], values [block tokens][D]}}, and
 * behind int8 elements {@code {scales of keys [block tokens], scales of values [block tokens]}}. A {@link SlotPool} lays out
 * otherwise what its blocks hold.
 */
public record KvLayout(int layers, int blocks, int kvHeads, int headDim, int blockTokens, KvType type) {

    /**
     * Returns the layout with as many blocks as fit into {@code poolBytes}.
     *
     * @param kvHeads of all ranks of a replica
     * @throws FailureException with {@link Failure.Invalid} when not even one block fits
     */
    public static KvLayout within(
            long poolBytes, Manifest.Architecture architecture, int kvHeads, int blockTokens, KvType type) {
        var one = new KvLayout(architecture.layers(), 1, kvHeads, architecture.headDim(), blockTokens, type);
        int blocks = (int) Math.min(poolBytes / one.bytes(), Integer.MAX_VALUE / blockTokens);
        if (blocks == 0) {
            throw new FailureException(new Failure.Invalid(
                    "belle.node.kv-cache-bytes",
                    "belle.node.kv-cache-bytes must be at least " + one.bytes() + " for a block of " + blockTokens
                            + " tokens of this model, but is " + poolBytes));
        }
        return new KvLayout(one.layers, blocks, one.kvHeads, one.headDim, one.blockTokens, one.type);
    }

    /** The same blocks for some of the heads: a rank's. */
    KvLayout of(int heads) {
        return new KvLayout(layers, blocks, heads, headDim, blockTokens, type);
    }

    /** Tokens that the whole pool holds. */
    public int tokens() {
        return blocks * blockTokens;
    }

    /** Bytes of the whole pool. */
    public long bytes() {
        return blockBytes() * layers * blocks;
    }

    /** Bytes of one block in one layer. */
    long blockBytes() {
        return 2L * kvHeads * blockTokens * type.rowBytes(headDim);
    }
}
