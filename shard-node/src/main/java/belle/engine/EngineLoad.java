package belle.engine;

/**
 * What the engine holds at one moment, and what it has done since it was made.
 *
 * @param runningSequences those that hold blocks and are not paused
 * @param waitingSequences those that hold none: new, preempted, or waiting for their stream's first choice
 * @param pausedSequences those whose reader is slow, wherever they are
 * @param freeBlocks with {@code leasedBlocks} and {@code cachedBlocks} all blocks of the pool
 * @param cachedBlocks held by nobody, kept for a later prompt, taken back when needed
 * @param preemptions sequences that lost their blocks to another one and had to be computed again
 * @param prefillTokens computed in chunks
 * @param decodeTokens computed one at a time
 * @param reusedTokens found in the cache in place of being computed
 */
public record EngineLoad(
        int runningSequences,
        int waitingSequences,
        int pausedSequences,
        int freeBlocks,
        int leasedBlocks,
        int cachedBlocks,
        long preemptions,
        long prefillTokens,
        long decodeTokens,
        long reusedTokens) {}
