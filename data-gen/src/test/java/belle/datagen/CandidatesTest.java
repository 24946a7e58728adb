package belle.datagen;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CandidatesTest {
    private static String task(int number, String instruction, String input, String output) {
        return number + ". 指令: " + instruction + "\n" + number + ". 输入:\n" + input + "\n" + number + ". 输出:\n" + output
                + "\n";
    }

    private static Candidates of(String answer) {
        return Candidates.of(answer, false);
    }

    @Test
    void splitsAnAnswerThatGoesOnBehindThePrompt() {
        Candidates found = of(" 写一首诗。\n4. 输入:\n<无输入>\n4. 输出:\n月光如水。\n###\n" + task(5, "翻译成英文。", "你好", "Hello"));
        assertThat(found.items()).containsExactly(new Item("写一首诗。", "", "月光如水。"), new Item("翻译成英文。", "你好", "Hello"));
        assertThat(found.dropped()).isEmpty();
    }

    @Test
    void takesBothColonsAndAnAnswerThatBeginsWithItsNumber() {
        assertThat(of("4. 指令：把句子改短。\n4. 输入：\n很长的句子\n4. 输出：\n短句\n").items())
                .containsExactly(new Item("把句子改短。", "很长的句子", "短句"));
    }

    @Test
    void aLastItemThatWasCutOffIsDropped() {
        Candidates found =
                Candidates.of(task(4, "写一首小诗。", "<无输入>", "好") + "###\n" + task(5, "说说春天。", "<无输入>", "春天来"), true);
        assertThat(found.items()).containsExactly(new Item("写一首小诗。", "", "好"));
        assertThat(found.dropped()).isEqualTo(Map.of(Reason.CUT, 1));
    }

    @Test
    void onlyTheFirstTripleCountsWhereTheBorderIsMissing() {
        assertThat(of(task(4, "写一首小诗。", "<无输入>", "好") + task(5, "说说春天。", "<无输入>", "春"))
                        .items())
                .containsExactly(new Item("写一首小诗。", "", "好"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"写一首小诗。", "写一首小诗。\n4. 输入:\n无", "写一首小诗。\n4. 输出:\n好", "写一首小诗。\n4. 输入:\n\n4. 输出:\n", "完全不是任务"})
    void whatIsNotInTheFormIsCounted(String answer) {
        assertThat(of(answer).items()).isEmpty();
        assertThat(of(answer).dropped()).isEqualTo(Map.of(Reason.FORM, 1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"描述这张图片。", "打开http网址", "比较gpt-4与人", "画一张折线图", "介绍OpenAI公司"})
    void whatATextModelCannotDoIsDropped(String instruction) {
        assertThat(of(task(4, instruction, "<无输入>", "好")).dropped()).isEqualTo(Map.of(Reason.BLACKLIST, 1));
    }

    @ParameterizedTest
    @CsvSource({"写诗啊,TOO_SHORT", "解释GPT的原理。,NAMES_GPT", "请GPT模型,TOO_SHORT"})
    void shortOnesAndThoseAboutGptAreDropped(String instruction, Reason reason) {
        assertThat(of(task(4, instruction, "<无输入>", "好")).dropped()).isEqualTo(Map.of(reason, 1));
    }

    @Test
    void anInputThatNamesGptIsDropped() {
        assertThat(of(task(4, "概括下面的话。", "GPT很强", "好")).dropped()).isEqualTo(Map.of(Reason.NAMES_GPT, 1));
    }

    @ParameterizedTest
    @CsvSource({"要求GPT模型能够写一首诗,写一首诗", "请让GPT写一首诗,写一首诗", "GPT模型应该写一首诗,写一首诗", "写一首诗以便GPT能够学习,写一首诗学习", "由GPT模型写一首诗,写一首诗"})
    void aModelsNameIsCutOutOfAnInstruction(String instruction, String rest) {
        assertThat(of(task(4, instruction, "<无输入>", "好")).items()).containsExactly(new Item(rest, "", "好"));
    }

    @ParameterizedTest
    @CsvSource({"99,false,true", "100,false,false", "100,true,true", "149,true,true", "150,true,false"})
    void anInstructionWithInputHasALimit(int characters, boolean example, boolean kept) {
        String instruction = (example ? "示例" : "说明") + "说".repeat(characters - 2);
        assertThat(of(task(4, instruction, "材料", "好")).items()).hasSize(kept ? 1 : 0);
        assertThat(of(task(4, instruction, "无输入", "好")).items()).hasSize(1);
    }
}
