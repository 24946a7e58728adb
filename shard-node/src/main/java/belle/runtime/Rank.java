package belle.runtime;

import belle.engine.BlockCopy;
import java.nio.FloatBuffer;
import java.util.List;

/** One of a replica's ranks: computes its part of every step, on one thread at a time. Whoever opened it closes it. */
interface Rank extends AutoCloseable {
    /**
     * Computes the rank's part of a step; returns when its sums have met those of the other ranks.
     *
     * @param number of the step, the same for all ranks, one more than the last one's
     * @param copies of blocks, made first
     * @return the rank's columns of the logits [R, own columns], valid until the next call
     * @throws belle.proto.FailureException when the rank, or another one of this step, fails
     */
    FloatBuffer run(long number, List<BlockCopy> copies, PackedStep packed);

    /** Ends a step that never comes back, where that can be done; for any thread. */
    void giveUp();

    @Override
    void close();
}
