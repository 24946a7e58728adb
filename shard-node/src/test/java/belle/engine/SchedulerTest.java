package belle.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import belle.proto.Tokens;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Blocks of two tokens; a prompt of n tokens is n different ids unless said otherwise. */
class SchedulerTest {
    private static final int BLOCK = 2;

    private int arrivals;

    @Test
    void decodesGoFirstAndPromptsFillUp() {
        Scheduler scheduler = scheduler(new EngineConfig(4, 4, 10, 4, 4), 50);
        Sequence first = submit(scheduler, 3);
        run(scheduler, "0:0+3");
        Sequence second = submit(scheduler, 9);
        run(scheduler, "0:3+1 1:0+4");
        run(scheduler, "0:4+1 1:4+4");
        run(scheduler, "0:5+1 1:8+1");
        run(scheduler, "0:6+1 1:9+1");
        scheduler.end(first);
        scheduler.end(second);
        assertThat(scheduler.nextStep()).isEmpty();
    }

    @Test
    void thePromptOfTheOldestIsComputedFirst() {
        Scheduler scheduler = scheduler(new EngineConfig(4, 4, 6, 6, 4), 50);
        submit(scheduler, 8);
        submit(scheduler, 4);
        run(scheduler, "0:0+6");
        run(scheduler, "0:6+2 1:0+4");
        run(scheduler, "0:8+1 1:4+1");
    }

    @Test
    void takesBlocksFromTheYoungestWhichComesBackBeforeNewOnes() {
        Scheduler scheduler = scheduler(new EngineConfig(4, 4, 100, 100, 4), 6);
        Sequence oldest = submit(scheduler, 4);
        submit(scheduler, 3);
        run(scheduler, "0:0+4 1:0+3");
        run(scheduler, "0:4+1 1:3+1");
        run(scheduler, "0:5+1 1:4+1");
        assertThat(scheduler.load(0).preemptions()).isZero();
        submit(scheduler, 1);
        run(scheduler, "0:6+1"); // all six blocks were held, and the oldest needs a seventh
        assertThat(scheduler.load(0).preemptions()).isEqualTo(1);
        run(scheduler, "0:7+1");
        run(scheduler, "0:8+1"); // takes the end of what the other one left in the cache
        scheduler.end(oldest);
        run(scheduler, "1:2+4 2:0+1");
    }

    @Test
    void aPausedSequenceKeepsItsBlocksUntilTheyAreNeeded() {
        Scheduler scheduler = scheduler(new EngineConfig(4, 4, 100, 100, 4), 4);
        Sequence paused = submit(scheduler, 4);
        run(scheduler, "0:0+4");
        paused.paused = true;
        assertThat(scheduler.nextStep()).isEmpty();
        assertThat(paused.holding).isTrue();
        submit(scheduler, 6);
        run(scheduler, "1:0+6");
        assertThat(paused.holding).isFalse();
        assertThat(scheduler.load(1).preemptions()).isEqualTo(1);
    }

    @Test
    void aPausedSequenceTakesNobodysPlaceInAStep() {
        Scheduler scheduler = scheduler(new EngineConfig(1, 4, 100, 100, 4), 50);
        submit(scheduler, 4).paused = true;
        submit(scheduler, 4);
        run(scheduler, "1:0+4");
    }

    @Test
    void choicesWaitForTheFirstOneAndShareItsBlocks() {
        Scheduler scheduler = scheduler(new EngineConfig(4, 4, 4, 4, 4), 50);
        Sequence first = sequence(7, false);
        Sequence second = sequence(7, false);
        first.followers.add(second);
        scheduler.submit(first);
        run(scheduler, "0:0+4");
        run(scheduler, "0:4+3");
        run(scheduler, "0:7+1 1:6+1");
        assertThat(second.blocks.get(2)).isEqualTo(first.blocks.get(2));
        assertThat(second.blocks.get(3)).isNotEqualTo(first.blocks.get(3));
    }

    @Test
    void samePromptsThatArriveTogetherAreComputedOnce() {
        Scheduler scheduler = scheduler(new EngineConfig(4, 4, 8, 8, 4), 50);
        submit(scheduler, 9, 0);
        submit(scheduler, 9, 0);
        run(scheduler, "0:0+8");
        run(scheduler, "0:8+1 1:8+1");
    }

    @Test
    void anEchoedPromptIsComputedAndItsRowsFitTheLimit() {
        Scheduler scheduler = scheduler(new EngineConfig(2, 4, 100, 100, 3), 50);
        submit(scheduler, 6, 0);
        run(scheduler, "0:0+6");
        Sequence echo = sequence(6, true, 0);
        scheduler.submit(echo);
        assertThat(run(scheduler, "0:6+1 1:0+2").logitRows()).isEqualTo(3);
        assertThat(run(scheduler, "0:7+1 1:2+2").logitRows()).isEqualTo(3);
        run(scheduler, "0:8+1 1:4+2");
        run(scheduler, "0:9+1 1:6+1");
    }

    @Test
    void aSequenceThatEndsInTheStepInFlightGivesItsBlocksBackWithTheStep() {
        var cache = new KvCache(10, BLOCK);
        var scheduler = new Scheduler(new EngineConfig(4, 4, 100, 100, 4), cache);
        Sequence sequence = submit(scheduler, 5);
        Step step = scheduler.nextStep().orElseThrow();
        scheduler.end(sequence);
        assertThat(cache.leasedBlocks()).isEqualTo(3);
        scheduler.complete(step);
        assertThat(cache.freeBlocks()).isEqualTo(10);
        scheduler.checkBooks();
    }

    @Test
    void whatAFailedStepWroteIsNotFoundAgain() {
        var cache = new KvCache(10, BLOCK);
        var scheduler = new Scheduler(new EngineConfig(4, 4, 100, 100, 4), cache);
        Sequence sequence = submit(scheduler, 5);
        Step step = scheduler.nextStep().orElseThrow();
        assertThat(scheduler.fail(step)).containsExactly(sequence);
        scheduler.end(sequence);
        assertThat(cache.freeBlocks()).isEqualTo(10);
    }

    @Test
    void aFollowingTurnCopiesTheHalfBlockOfTheOneBefore() {
        Scheduler scheduler = scheduler(new EngineConfig(4, 4, 100, 100, 4), 10);
        Sequence first = submit(scheduler, 3, 0);
        run(scheduler, "0:0+3");
        int half = first.blocks.get(1);
        scheduler.end(first);
        Sequence second = submit(scheduler, 6, 0);
        Step step = run(scheduler, "1:3+3");
        assertThat(step.copies()).containsExactly(new BlockCopy(half, second.blocks.get(1)));
        assertThat(second.reusedTokens).isEqualTo(3);
        assertThat(scheduler.load(0).reusedTokens()).isEqualTo(3);
    }

    @Test
    void aCopyWaitsForTheStepThatWritesBehindIt() {
        Scheduler scheduler = scheduler(new EngineConfig(4, 4, 8, 8, 4), 20);
        Sequence first = submit(scheduler, 3, 0);
        run(scheduler, "0:0+3");
        scheduler.end(first);
        submit(scheduler, 8, 500);
        Sequence follower = submit(scheduler, 6, 0);
        assertThat(run(scheduler, "1:0+8").copies()).isEmpty();
        assertThat(follower.reusedTokens).isZero();
        assertThat(run(scheduler, "1:8+1 2:3+3").copies()).hasSize(1);
    }

    @Test
    void aCopyOfAFailedStepIsNotFoundAgain() {
        var cache = new KvCache(6, BLOCK);
        var scheduler = new Scheduler(new EngineConfig(4, 4, 100, 100, 4), cache);
        Sequence first = submit(scheduler, 3, 0);
        run(scheduler, "0:0+3");
        scheduler.end(first);
        Sequence other = submit(scheduler, 4);
        run(scheduler, "1:0+4");
        scheduler.end(other);
        Sequence second = submit(scheduler, 6, 0);
        Sequence third = submit(scheduler, 2); // takes the block that the second one's beginning is copied from
        Step step = scheduler.nextStep().orElseThrow();
        assertThat(step.copies()).containsExactly(new BlockCopy(third.blocks.get(0), second.blocks.get(1)));
        scheduler.fail(step);
        scheduler.end(second);
        scheduler.end(third);
        assertThat(cache.cachedBlocks()).isEqualTo(3);
        cache.checkIntegrity();
    }

    /** A block that holds a whole sequence leaves nothing to spare for growing. */
    @Test
    void whereABlockHoldsAWholeSequenceEveryBlockIsUsed() {
        var scheduler = new Scheduler(new EngineConfig(4, 4, 100, 100, 4), new KvCache(3, 128));
        submit(scheduler, 2);
        submit(scheduler, 2);
        submit(scheduler, 2);
        submit(scheduler, 2);
        run(scheduler, "0:0+2 1:0+2 2:0+2");
        run(scheduler, "0:2+1 1:2+1 2:2+1");
    }

    @Test
    void refusesAStepThatIsNotInFlight() {
        Scheduler scheduler = scheduler(new EngineConfig(4, 4, 100, 100, 4), 10);
        submit(scheduler, 5);
        Step step = scheduler.nextStep().orElseThrow();
        assertThat(scheduler.nextStep()).isEmpty();
        scheduler.complete(step);
        assertThatIllegalStateException()
                .isThrownBy(() -> scheduler.complete(step))
                .withMessage("step 0 is not in flight");
    }

    @Test
    void refusesACacheThatIsLentOrWasTakenBack() {
        var cache = new KvCache(10, BLOCK);
        var config = new EngineConfig(4, 4, 100, 100, 4);
        var scheduler = new Scheduler(config, cache);
        submit(scheduler, 5);
        scheduler.nextStep();
        assertThatIllegalStateException().isThrownBy(() -> new Scheduler(config, cache));
        cache.reclaim();
        assertThatIllegalStateException().isThrownBy(scheduler::nextStep);
    }

    private static Scheduler scheduler(EngineConfig config, int blocks) {
        return new Scheduler(config, new KvCache(blocks, BLOCK));
    }

    private Sequence submit(Scheduler scheduler, int promptTokens) {
        return submit(scheduler, promptTokens, 100 * arrivals);
    }

    private Sequence submit(Scheduler scheduler, int promptTokens, int firstId) {
        Sequence sequence = sequence(promptTokens, false, firstId);
        scheduler.submit(sequence);
        return sequence;
    }

    private Sequence sequence(int promptTokens, boolean echo) {
        return sequence(promptTokens, echo, 0);
    }

    private Sequence sequence(int promptTokens, boolean echo, int firstId) {
        int[] ids = new int[promptTokens];
        Arrays.setAll(ids, i -> firstId + i);
        var id = new SequenceId(Integer.toString(arrivals), 0);
        return new Sequence(id, "tenant", arrivals++, Tokens.of(ids), 64, echo);
    }

    /** Runs a step, which must be "stream:past+tokens …", and draws token 7 for every sequence that is up to date. */
    private static Step run(Scheduler scheduler, String expected) {
        Step step = scheduler.nextStep().orElseThrow();
        List<String> slices = step.slices().stream()
                .map(slice -> slice.id().stream() + ":" + slice.past() + "+"
                        + slice.tokens().size())
                .toList();
        assertThat(String.join(" ", slices)).isEqualTo(expected);
        for (Sequence sequence : scheduler.complete(step)) {
            if (sequence.pending() == 0) {
                sequence.history.append(7);
            }
        }
        scheduler.checkBooks();
        return step;
    }
}
