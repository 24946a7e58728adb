package belle.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import belle.proto.FailureException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JudgePromptsTest {
    private static final Path BELLE = Path.of(System.getProperty("belle.root", ".."), "../shared/belle");

    @TempDir
    private Path folder;

    private static EvalItem item(String taskClass) {
        return new EvalItem(1, "问题一", "参考一", taskClass);
    }

    @Test
    void theJudgeIsToldQuestionReferenceAndAnswer() throws IOException {
        Path file = Files.writeString(folder.resolve("p"), "{\"class\":\"Closed_QA\",\"prompt\":\"评分。\"}");
        JudgePrompts prompts = JudgePrompts.read(file);
        assertThat(prompts.ask(item("closed qa"), "回答一\n")).isEqualTo("评分。\n\n问题:\n问题一\n\n标准答案:\n参考一\n\n模型回答:\n回答一\n");
        assertThat(prompts.ask(new EvalItem(1, "问题一", " ", "closed qa"), "回答一")).doesNotContain("标准答案:");
        assertThat(prompts.ask(item("math"), "a")).isEqualTo(JudgePrompts.own().ask(item("math"), "a"));
        assertThat(prompts.hash()).isNotEqualTo(JudgePrompts.own().hash());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "open qa",
                "closed qa",
                "brainstorming",
                "rewrite",
                "generation",
                "math",
                "classification",
                "summarization",
                "code",
                "extract",
                "translation"
            })
    void everyClassHasAPromptOfItsOwnThatAsksForAScore(String taskClass) {
        String general = JudgePrompts.own().ask(item("poetry"), "a");
        assertThat(general).contains("得分:");
        assertThat(JudgePrompts.own().ask(item(taskClass), "a"))
                .isNotEqualTo(general)
                .contains("得分:");
        assertThat(ClassNames.chinese(taskClass)).isNotEqualTo(taskClass);
    }

    @Test
    void bellesPromptsAreFoundUnderTheSpellingsOfItsSet() throws IOException {
        assumeTrue(Files.exists(BELLE.resolve("eval_prompt.json")), "BELLE's prompts are not here");
        JudgePrompts prompts = JudgePrompts.read(BELLE.resolve("eval_prompt.json"));
        for (EvalItem item : EvalSet.read(BELLE.resolve("eval_set.json"))) {
            assertThat(prompts.ask(item, "a"))
                    .as(item.taskClass())
                    .startsWith(item.taskClass().equals("math") ? "你是一个数学老师" : "你")
                    .isNotEqualTo(JudgePrompts.own().ask(item, "a"));
        }
        assertThat(prompts.ask(item("closed qa"), "a")).contains("且模型回答结果来自问题里面提供的信息");
        assertThat(prompts.ask(item("translation"), "a")).contains("语言学家");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"class\":\"open qa\",\"prompt\":\" \"}",
                "{\"class\":\"open qa\"}",
                "{\"class\":\"open QA\",\"prompt\":\"b\"}"
            })
    void aWrongPromptIsNamedByItsLine(String line) throws IOException {
        Path file =
                Files.writeString(folder.resolve("p"), "{\"class\":\"open\u00a0qa\",\"prompt\":\"a\"}\n" + line + "\n");
        assertThatThrownBy(() -> JudgePrompts.read(file))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("p: line 2: ");
    }
}
