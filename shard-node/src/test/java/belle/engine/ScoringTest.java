package belle.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import belle.proto.Tokens;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScoringTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 9, 1_000, 32_000})
    void isTheLogarithmOfTheSumOfAllExponentials(int vocabulary) {
        var random = new SplittableRandom(vocabulary);
        for (int i = 0; i < 10; i++) {
            float[] row = new float[vocabulary];
            double sum = 0;
            for (int id = 0; id < vocabulary; id++) {
                row[id] = 30 * random.nextFloat() - 5;
                sum += Math.exp(row[id]);
            }
            assertThat(scoring(vocabulary).logSumExp(row)).isCloseTo(Math.log(sum), within(1e-13 * vocabulary));
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
    void isNoNumberWhenALogitIsNone(float broken) {
        for (int at : new int[] {0, 5, 9}) {
            float[] row = new float[10];
            row[at] = broken;
            assertThat(scoring(10).logSumExp(row)).isNaN();
        }
    }

    private static Scoring scoring(int vocabulary) {
        return new Scoring(new ModelFacts(vocabulary, vocabulary, 1, Tokens.EMPTY, new Letters()));
    }
}
