package belle.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ComparisonTest {
    private static final List<EvalItem> ITEMS = LongStream.rangeClosed(1, 60)
            .mapToObj(n -> new EvalItem(n, "问", "好", "x"))
            .toList();

    @Test
    void aModelThatIsBetterOnEveryQuestionIsBetterAndOneThatIsTheSameIsNot() {
        List<ModelResult> results = List.of(
                Results.judged("a", ITEMS, "好", item -> 0.2 + item.number() % 5 / 10.0),
                Results.judged("b", ITEMS, "好", item -> 0.3 + item.number() % 5 / 10.0),
                Results.judged("c", ITEMS, "好", item -> 0.2 + item.number() % 5 / 10.0));
        List<Comparison> comparisons = Comparison.of(ITEMS, results, Measure.JUDGE, 1);
        assertThat(comparisons).extracting(Comparison::model).containsExactly("b", "c");
        assertThat(comparisons.getFirst().points()).isCloseTo(10, within(1e-9));
        // All 60 signs agree in none of 2,000 draws, whatever the draws: 2^-59 is the exact value.
        assertThat(comparisons.getFirst().pValue()).isEqualTo(1 / 2001.0);
        assertThat(comparisons.getFirst().adjusted()).isEqualTo(2 / 2001.0);
        assertThat(comparisons.getLast().points()).isZero();
        assertThat(comparisons.getLast().adjusted()).isEqualTo(1);
    }

    @Test
    void threePairsCannotDecide() {
        List<EvalItem> three = ITEMS.subList(0, 3);
        List<ModelResult> results =
                List.of(Results.judged("a", three, "好", _ -> 0), Results.judged("b", three, "好", _ -> 1));
        // Of the 8 ways to set the signs 2 are as extreme: p is 0.25.
        assertThat(Comparison.of(three, results, Measure.JUDGE, 1).getFirst().pValue())
                .isCloseTo(0.25, within(0.04));
    }

    @Test
    void questionsWithoutAScoreOfBothAreLeftOut() {
        List<ModelResult> results = List.of(
                Results.judged("a", ITEMS, "好", _ -> 0.5),
                Results.judged("b", ITEMS, "好", item -> item.number() <= 20 ? Double.NaN : 0.75));
        Comparison comparison = Comparison.of(ITEMS, results, Measure.JUDGE, 1).getFirst();
        assertThat(comparison.questions()).isEqualTo(40);
        assertThat(comparison.points()).isEqualTo(25);
    }

    @Test
    void withoutAllScoresRougeLCompares() {
        ModelResult judged = Results.judged("a", ITEMS, "坏", _ -> 1);
        ModelResult plain =
                new ModelResult(Results.judged("b", ITEMS, "好", _ -> 0).answers(), Optional.empty());
        assertThat(ModelResult.measure(List.of(judged, judged))).isEqualTo(Measure.JUDGE);
        assertThat(ModelResult.measure(List.of(judged, plain))).isEqualTo(Measure.ROUGE_L);
        assertThat(Comparison.of(ITEMS, List.of(judged, plain), Measure.ROUGE_L, 1)
                        .getFirst()
                        .points())
                .isEqualTo(100);
    }

    /** R: {@code p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")}. */
    @Test
    void holmCorrectsStepByStep() {
        assertThat(Comparison.holm(new double[] {0.01, 0.04, 0.03, 0.005}))
                .containsExactly(new double[] {0.03, 0.06, 0.06, 0.02}, within(1e-12));
    }
}
