package belle.engine;

import belle.proto.Check;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Chooses what the next step computes and which sequences hold blocks; knows nothing of logits and text.
 *
 * <p>A step decodes first, one token of every running sequence; what the limits leave goes to prompts in chunks, the
 * oldest first. A decode that finds no block takes them from paused sequences, then from the youngest running one; that
 * one is computed again later (its full blocks stay cached until somebody needs them). Since only a younger sequence can
 * be robbed, and each fits the pool alone, the oldest always gets on. New sequences rob only paused ones, and none
 * overtakes a preempted one.
 */
final class Scheduler {
    private final EngineConfig config;
    private final KvCache cache;
    private final long loan;
    private final PrefillBudget prefillBudget;
    private final FairQueue queue = new FairQueue();
    /** Sequences that lost their blocks, oldest first. */
    private final List<Sequence> preempted = new ArrayList<>();
    /** Sequences that hold blocks for their whole history, oldest first. */
    private final List<Sequence> holders = new ArrayList<>();

    private @Nullable Step inFlight;
    private List<Sequence> planned = List.of();
    private long steps;
    private int live;
    private long preemptions;
    private long prefillTokens;
    private long decodeTokens;
    private long reusedTokens;

    Scheduler(EngineConfig config, KvCache cache) {
        Check.that(cache.references() == 0, "the cache is still lent to another engine");
        this.config = config;
        this.cache = cache;
        prefillBudget = new PrefillBudget(config);
        loan = cache.loans();
    }

    /** Tells how many more sequences would be accepted. */
    int room() {
        return config.maxSequences() + config.maxWaiting() - live;
    }

    /** Queues a sequence; its followers are queued when its prompt has been computed. */
    void submit(Sequence sequence) {
        queue.enter(sequence);
        queue.addLast(sequence);
        sequence.followers.forEach(queue::enter);
        live += 1 + sequence.followers.size();
    }

    /** Forgets a sequence. Its blocks are given back at once, or when the step in flight is over. */
    void end(Sequence sequence) {
        Check.that(!sequence.ended, "%s has ended before", sequence.id);
        sequence.ended = true;
        live--;
        queue.remove(sequence);
        queue.leave(sequence);
        preempted.remove(sequence);
        if (!sequence.inStep) {
            giveBack(sequence);
        }
    }

    /** Returns the step to run now; empty while one is in flight or nothing can be computed. */
    Optional<Step> nextStep() {
        checkLoan();
        if (inFlight != null) {
            return Optional.empty();
        }
        var plan = new StepPlan(config, cache.blockTokens());
        planDecodes(plan);
        planPrefills(plan);
        if (plan.isEmpty()) {
            return Optional.empty();
        }
        planned = plan.sequences();
        Step step = plan.step(steps++);
        inFlight = step;
        for (int i = 0; i < planned.size(); i++) {
            Slice slice = step.slices().get(i);
            int end = slice.past() + slice.tokens().size();
            cache.checkWritable(slice.blocks(), slice.past(), end);
            queue.charge(planned.get(i), slice.tokens().size());
        }
        return Optional.of(step);
    }

    /**
     * Notes that a step's keys and values are in the cache.
     *
     * @return the sequences of its slices, in their order; some may have ended
     */
    List<Sequence> complete(Step step) {
        List<Sequence> done = land(step);
        for (int i = 0; i < done.size(); i++) {
            Sequence sequence = done.get(i);
            if (sequence.ended) {
                giveBack(sequence);
            } else {
                int before = sequence.computed;
                sequence.advance(step.slices().get(i).certain());
                cache.publish(sequence.blocks, sequence.history, before, sequence.computed);
                queueFollowers(sequence);
            }
        }
        return done;
    }

    /** Notes that the first {@code count} guesses of a completed slice were right. */
    void guessed(Sequence sequence, int count) {
        int before = sequence.computed;
        sequence.advance(count);
        cache.publish(sequence.blocks, sequence.history, before, sequence.computed);
        decodeTokens += count;
    }

    /** Notes how long a step took: later ones are planned by it. */
    void took(Step step, long nanos) {
        int decodes = 0;
        int prefills = 0;
        for (Slice slice : step.slices()) {
            decodes += slice.certain() == 1 ? 1 : 0;
            prefills += slice.certain() == 1 ? 0 : slice.certain();
        }
        prefillBudget.took(decodes, prefills, nanos);
    }

    /** Notes that nothing is known of what a step wrote. Returns its sequences; none of them can go on. */
    List<Sequence> fail(Step step) {
        List<Sequence> failed = land(step);
        failed.forEach(
                sequence -> sequence.computed -= sequence.computed % cache.blockTokens()); // a copy may have failed
        failed.stream().filter(sequence -> sequence.ended).forEach(this::giveBack);
        return failed;
    }

    /** Checks that blocks and leases add up; O(sequences). */
    void checkBooks() {
        checkLoan();
        cache.checkCounts();
        long leases = 0;
        for (Sequence sequence : holders) {
            leases += sequence.blocks.size();
        }
        Check.that(leases == cache.references(), "sequences hold %s blocks, leased are %s", leases, cache.references());
    }

    EngineLoad load(int paused) {
        int running = 0;
        for (Sequence sequence : holders) {
            running += sequence.paused || sequence.ended ? 0 : 1;
        }
        return new EngineLoad(
                running,
                live - running - paused,
                paused,
                cache.freeBlocks(),
                cache.leasedBlocks(),
                cache.cachedBlocks(),
                preemptions,
                prefillTokens,
                decodeTokens,
                reusedTokens);
    }

    /** Every running sequence with one pending token feeds it, if a block for it can be had. */
    private void planDecodes(StepPlan plan) {
        List<Sequence> running = running();
        for (int i = 0; i < running.size(); i++) {
            Sequence sequence = running.get(i);
            if (sequence.holding && sequence.pending() == 1 && reserve(sequence)) {
                int most = plan.guesses(sequence, running.size() - i - 1);
                plan.add(sequence, 1, PromptLookup.guess(sequence.history, most));
                decodeTokens++;
            }
        }
    }

    /** Prompts of running sequences, then of new ones, as far as the budget reaches. */
    private void planPrefills(StepPlan plan) {
        int budget = plan.prefillTokens(prefillBudget.tokens(plan.tokens()));
        for (Sequence sequence : running()) {
            if (!sequence.inStep && sequence.pending() > 1) {
                budget -= planChunk(plan, sequence, budget);
            }
        }
        while (budget > 0) {
            Sequence admitted = admit();
            if (admitted == null) {
                break;
            }
            budget -= planChunk(plan, admitted, budget);
        }
    }

    private int planChunk(StepPlan plan, Sequence sequence, int budget) {
        countReused(sequence, reuse(sequence));
        var beginning = cache.beginning(sequence.blocks, sequence.history, sequence.computed, sequence.logitsFrom);
        sequence.computed += beginning.tokens();
        int chunk = plan.chunk(sequence, budget);
        if (chunk == 0) {
            sequence.computed -= beginning.tokens();
            return 0;
        }
        if (beginning.tokens() > 0) {
            plan.copy(beginning.block(), sequence);
            countReused(sequence, beginning.tokens());
        }
        plan.add(sequence, chunk);
        prefillTokens += chunk;
        return chunk;
    }

    /** Returns unpaused holders, the oldest first, as many as a step may have. */
    private List<Sequence> running() {
        return holders.stream()
                .filter(sequence -> !sequence.paused)
                .limit(config.maxSequences())
                .toList();
    }

    /** Gives blocks to the sequence whose turn it is; null when none waits, or there is no room for it. */
    private @Nullable Sequence admit() {
        int running = 0;
        int growing = 0;
        for (Sequence sequence : holders) {
            running += sequence.paused ? 0 : 1;
            growing += sequence.paused || cache.blocksFor(sequence.mostTokens) <= sequence.blocks.size() ? 0 : 1;
        }
        Sequence next = running < config.maxSequences() ? firstWaiting() : null;
        if (next == null || !leaseHistory(next, growing)) {
            return null;
        }
        queue.remove(next);
        preempted.remove(next);
        next.holding = true;
        insertByAge(holders, next);
        return next;
    }

    private @Nullable Sequence firstWaiting() {
        for (Sequence sequence : preempted) {
            if (!sequence.paused) {
                return sequence;
            }
        }
        return queue.first();
    }

    /** Leases blocks for a sequence's whole history, unless fewer than {@code spare} would be left for others to grow. */
    private boolean leaseHistory(Sequence sequence, int spare) {
        int reused = reuse(sequence);
        int missing = cache.blocksFor(sequence.history.size()) - sequence.blocks.size();
        while (cache.availableBlocks() < missing + spare) {
            Sequence victim = youngestPaused();
            if (victim == null) {
                giveBack(sequence);
                return false;
            }
            preempt(victim);
        }
        Check.that(cache.lease(sequence.blocks, missing), "%s available blocks cannot be leased", missing);
        countReused(sequence, reused);
        return true;
    }

    /** Makes sure that a running sequence has a block for its next token. */
    private boolean reserve(Sequence sequence) {
        if (cache.blocksFor(sequence.history.size()) <= sequence.blocks.size()) {
            return true;
        }
        while (!cache.lease(sequence.blocks, 1)) {
            Sequence victim = youngestPaused();
            if (victim == null && holders.getLast() != sequence) {
                victim = holders.getLast();
            }
            if (victim == null) {
                return false;
            }
            preempt(victim);
        }
        return true;
    }

    private void preempt(Sequence victim) {
        Check.that(!victim.inStep, "%s is in the step and cannot be preempted", victim.id);
        giveBack(victim);
        insertByAge(preempted, victim);
        preemptions++;
    }

    /** Skips the full blocks that the prefix cache holds. Returns the number of tokens skipped. */
    private int reuse(Sequence sequence) {
        int before = sequence.computed;
        if (before % cache.blockTokens() == 0) {
            sequence.computed = cache.reuse(sequence.blocks, sequence.history, before, sequence.logitsFrom);
        }
        return sequence.computed - before;
    }

    private void countReused(Sequence sequence, int tokens) {
        sequence.countReused(tokens);
        reusedTokens += tokens;
    }

    private void giveBack(Sequence sequence) {
        cache.release(sequence.blocks, sequence.history, sequence.computed);
        sequence.computed = 0;
        if (sequence.holding) {
            sequence.holding = false;
            holders.remove(sequence);
        }
    }

    private void queueFollowers(Sequence sequence) {
        if (sequence.computed >= sequence.promptTokens) {
            sequence.followers.reversed().forEach(queue::addFirst);
            sequence.followers.clear();
        }
    }

    private @Nullable Sequence youngestPaused() {
        for (Sequence sequence : holders.reversed()) {
            if (sequence.paused) {
                return sequence;
            }
        }
        return null;
    }

    private List<Sequence> land(Step step) {
        checkLoan();
        Check.that(inFlight != null && inFlight.number() == step.number(), "step %s is not in flight", step.number());
        inFlight = null;
        List<Sequence> landed = planned;
        planned = List.of();
        landed.forEach(sequence -> sequence.inStep = false);
        return landed;
    }

    private void checkLoan() {
        Check.that(loan == cache.loans(), "the cache was taken back from this engine");
    }

    private static void insertByAge(List<Sequence> sequences, Sequence sequence) {
        int at = sequences.size();
        while (at > 0 && sequences.get(at - 1).arrival > sequence.arrival) {
            at--;
        }
        sequences.add(at, sequence);
    }
}
