package belle.runtime;

import belle.engine.Logits;
import belle.engine.Step;

/** Runs steps, one at a time, on one thread at a time. */
public interface StepRunner extends AutoCloseable {
    /**
     * Computes a step: copies its blocks, writes the keys and values of its tokens into the pool and returns the logits it asks for.
     *
     * @return valid until the next call
     * @throws belle.proto.FailureException when the device fails; another step may be tried
     * @throws RanksLost when it fails and the cache's contents are lost
     */
    Logits run(Step step);

    /** Frees what the runner holds. */
    @Override
    void close();
}
