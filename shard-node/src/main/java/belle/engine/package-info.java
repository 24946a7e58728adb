/**
 * The engine: pure decisions about sequences, steps, cache blocks and samples.
 *
 * <p>The life of a request, in reading order:
 *
 * <ol>
 *   <li>{@link belle.engine.Engine#submit} checks it ({@code RequestRules}) and makes a {@code Generation} of one {@code
 *       Choice} per answer; each has a {@code Sequence}, which is all that scheduling knows of it.
 *   <li>{@code Scheduler} keeps it in the {@code FairQueue} until it is its tenant's turn and its blocks can be leased.
 *   <li>{@link belle.engine.KvCache} leases blocks: found by {@code PrefixCache}, free in {@code BlockAllocator}, or evicted
 *       from {@code IdleBlocks}. The sequence's {@link belle.engine.BlockTable} lists them.
 *   <li>{@link belle.engine.Engine#nextStep} packs decodes and prompt chunks into a {@link belle.engine.Step} ({@code
 *       StepPlan} keeps the limits). Somebody else runs it.
 *   <li>{@link belle.engine.Engine#complete} gets its {@link belle.engine.Logits}. Full blocks become findable; the first
 *       choice's siblings are queued.
 *   <li>{@code LogitAdjustment} applies bias and penalties, {@code Sampler} draws ({@code TopIds}, {@code Masses}, {@code Philox}), {@code
 *       Scoring} gives log-probabilities.
 *   <li>{@code TokenDecoder} makes text of whole characters, {@code StopRules} cuts it before a stop string.
 *   <li>The stream learns of it by {@link belle.engine.Output}s, the last of which is {@code Done} or {@code Failed}. Its
 *       full blocks stay cached for the next turn.
 * </ol>
 *
 * <p>What always holds: free, leased and cached blocks are all blocks; a block that is written has one holder; what a
 * stream is told depends on its request alone, not on what else runs, on chunks, cache hits or preemptions; every stream
 * ends once.
 */
@NullMarked
package belle.engine;

import org.jspecify.annotations.NullMarked;
