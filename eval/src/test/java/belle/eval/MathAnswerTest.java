package belle.eval;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.ValueSource;

class MathAnswerTest {
    @ParameterizedTest
    @CsvFileSource(resources = "/math_answers.csv", delimiter = '|', quoteCharacter = '"', emptyValue = "")
    void tellsRightAnswersFromWrongOnes(String question, String answer, String reference, String expected) {
        String given = answer == null ? "" : answer.replace("\\n", "\n");
        assertThat(MathAnswer.isRight(question, given, reference))
                .as("%s: %s", MathAnswer.number(question, given), MathAnswer.number(question, reference))
                .contains(expected.equals("right"));
    }

    @Test
    void aReferenceWithoutANumberDecidesNothing() {
        assertThat(MathAnswer.isRight("为什么？", "3", "因为它们平行。")).isEmpty();
        assertThat(MathAnswer.isRight("为什么？", "3", "")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"百一百千", "一十百", "千千"})
    void charactersThatAreNoNumberAreNone(String text) {
        assertThat(ChineseNumber.parse(text)).isEqualTo(Optional.empty());
    }
}
