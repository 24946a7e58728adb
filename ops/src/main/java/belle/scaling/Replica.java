package belle.scaling;

import belle.proto.Failure;
import belle.proto.FailureException;

/**
 * A node's model and its cache.
 *
 * @param blocks of the cache, over all ranks
 * @param contextTokens most tokens of a sequence: the model's, or the whole cache
 */
public record Replica(StepModel model, int ranks, int blocks, int blockTokens, int contextTokens) {
    /**
     * Makes one.
     *
     * @param cacheBytes of all its ranks together
     * @throws FailureException when the shape cannot be cut so, or the cache has no room for a block
     */
    public static Replica of(ModelShape shape, int ranks, Machine machine, long cacheBytes, int blockTokens) {
        StepModel model = StepModel.of(shape, ranks, machine);
        long blockBytes = ranks * model.kvBytesPerToken() * blockTokens;
        long blocks = cacheBytes / blockBytes;
        if (blocks < 1) {
            throw new FailureException(new Failure.Invalid(
                    "kv-cache-bytes",
                    "the cache must have room for a block of " + blockBytes + " bytes, but has " + cacheBytes));
        }
        return new Replica(model, ranks, (int) Math.min(Integer.MAX_VALUE / 2, blocks), blockTokens, (int)
                Math.min(shape.architecture().contextTokens(), blocks * blockTokens));
    }

    /** Bytes of the cache in one rank. */
    public long rankCacheBytes() {
        return (long) blocks * blockTokens * model.kvBytesPerToken();
    }
}
