package belle.eval;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JudgeScoreTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "得分: 1|1",
                "得分:0|0",
                "得分：0.8|0.8",
                "得分 ： 0.8 |0.8",
                "得分:１．０|1",
                "得分：０．７５|0.75",
                "得分: .5|0.5",
                "得分: 1/1|1",
                "得分: 0.6 / 1.0|0.6",
                "得分: 0.8分|0.8",
                "得分: 1（满分1分）|1",
                "得分: 0.8。回答基本正确|0.8",
                "得分: 0.8.|0.8",
                "得分: 0.8 - 基本正确|0.8",
                "**得分:** 0.9|0.9",
                "**得分：0.9**|0.9",
                "\"得分:\" 0.5|0.5",
                "“得分:”0.5|0.5",
                "最终得分: 0.5|0.5",
                "回答正确。得分: 1|1",
                "<think>步骤对，得分: 0.5</think>得分: 0.9|0.9",
                "请按照\"得分:\"这样的形式，得分: 0.5|0.5"
            })
    void readsAScore(String reply, double score) {
        assertThat(JudgeScore.read(reply)).hasValue(score);
    }

    @ParameterizedTest
    @ValueSource(strings = {"理由：正确。\n得分:\n0.8", "得分: 0.8\n理由：正确。", "得分: 0.8\r\n\r\n总得分: 0.80"})
    void readsAScoreOverLines(String reply) {
        assertThat(JudgeScore.read(reply)).hasValue(0.8);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "0.8",
                "得分",
                "得分:",
                "得分: 很好",
                "得分 0.8",
                "得分为1的回答要完整",
                "分数: 0.8",
                "得分: 1.5",
                "得分: -0.5",
                "得分: 5",
                "得分: 80%",
                "得分: 1%",
                "得分: 8/10",
                "得分: 1/10",
                "得分: 0.5/1.5",
                "得分: 0-1",
                "得分: 0到1",
                "得分: 0 ~ 1",
                "得分: 0,8",
                "得分: 1.2.3",
                "步骤一得分: 0.5",
                "得分: 0.5\n得分: 0.8",
                "得分: 0.5\n得分: 8"
            })
    void readsNoScoreWhereThereIsNone(String reply) {
        assertThat(JudgeScore.read(reply)).isEmpty();
    }
}
