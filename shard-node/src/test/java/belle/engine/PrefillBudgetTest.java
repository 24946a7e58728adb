package belle.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A machine whose decodes take 10 ms and whose prompt tokens take 0.2 ms each. */
class PrefillBudgetTest {
    private static final long DECODE_NANOS = 10_000_000;
    private static final long TOKEN_NANOS = 200_000;

    private static PrefillBudget budget(double maxSlowdown) {
        return new PrefillBudget(new EngineConfig(8, 8, 512, 128, 8, maxSlowdown, 0));
    }

    private static long nanos(int prefills) {
        return DECODE_NANOS + prefills * TOKEN_NANOS;
    }

    @Test
    void isTheConfiguredNumberUntilItHasSeenSteps() {
        PrefillBudget budget = budget(4);
        assertThat(budget.tokens(4)).isEqualTo(128);
        budget.took(4, 0, DECODE_NANOS);
        assertThat(budget.tokens(4)).isEqualTo(128);
    }

    @Test
    void aStepWhoseDecodesAreUnknownOrSlowerThanItTeachesNothingOfPrompts() {
        PrefillBudget first = budget(4);
        first.took(4, 100, nanos(100));
        first.took(4, 0, DECODE_NANOS);
        assertThat(first.tokens(4)).isEqualTo(128);
        PrefillBudget quick = budget(4);
        quick.took(4, 0, DECODE_NANOS);
        quick.took(4, 100, DECODE_NANOS);
        assertThat(quick.tokens(4)).isEqualTo(128);
    }

    @Test
    void isTheConfiguredNumberAlwaysWhenNothingIsToBeLearned() {
        PrefillBudget budget = budget(0);
        budget.took(4, 0, DECODE_NANOS);
        budget.took(0, 100, nanos(100));
        assertThat(budget.tokens(4)).isEqualTo(128);
    }

    @Test
    void keepsStepsWithinTheirTime() {
        PrefillBudget budget = budget(4);
        budget.took(4, 0, DECODE_NANOS);
        for (int step = 0; step < 50; step++) {
            int tokens = budget.tokens(4);
            budget.took(4, tokens, nanos(tokens));
        }
        assertThat(nanos(budget.tokens(4))).isBetween(5 * DECODE_NANOS / 2, 4 * DECODE_NANOS);
    }

    @Test
    void followsAMachineThatBecomesSlower() {
        PrefillBudget budget = budget(4);
        budget.took(4, 0, DECODE_NANOS);
        budget.took(0, 512, 512 * TOKEN_NANOS);
        int before = budget.tokens(4);
        for (int step = 0; step < 50; step++) {
            budget.took(4, budget.tokens(4), DECODE_NANOS + 4 * TOKEN_NANOS * budget.tokens(4));
        }
        assertThat(budget.tokens(4)).isBetween(before / 5, before / 3);
    }

    @Test
    void hardlyAnyStepOfAnUnsteadyMachineIsLonger() {
        PrefillBudget budget = budget(4);
        var random = new SplittableRandom(1);
        int longer = 0;
        for (int step = 0; step < 1_000; step++) {
            double disturbed = 1 + 0.3 * random.nextDouble();
            int tokens = step < 100 ? 0 : budget.tokens(4);
            long took = (long) (disturbed * nanos(tokens));
            budget.took(4, tokens, took);
            longer += step > 150 && took > 4.3 * DECODE_NANOS ? 1 : 0;
        }
        assertThat(longer).isLessThan(10);
        assertThat(nanos(budget.tokens(4))).isGreaterThan(3 * DECODE_NANOS / 2);
    }

    @Test
    void fillsWholeTilesOfRows() {
        PrefillBudget budget = budget(4);
        budget.took(4, 0, DECODE_NANOS);
        budget.took(0, 100, 10 * DECODE_NANOS); // 20 tokens in the 2 steps' time that a plan has for them
        assertThat(budget.tokens(4)).isEqualTo(20);
        assertThat(budget.tokens(3)).isEqualTo(21);
        assertThat(budget.tokens(1)).isEqualTo(19);
        assertThat(budget.tokens(12)).isEqualTo(20);
    }

    @Test
    void letsAPromptGoOnAndFillsNoMoreThanAStep() {
        PrefillBudget slow = budget(2);
        slow.took(4, 0, 1_000);
        slow.took(0, 1, 1_000_000);
        assertThat(slow.tokens(4)).isEqualTo(8);
        PrefillBudget fast = budget(4);
        fast.took(4, 0, 1_000_000_000);
        fast.took(0, 100, 100);
        assertThat(fast.tokens(4)).isEqualTo(512);
    }
}
