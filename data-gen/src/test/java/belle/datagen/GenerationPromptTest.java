package belle.datagen;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GenerationPromptTest {
    private static final List<Item> TASKS =
            List.of(new Item("写 一\n首诗:", "", "诗"), new Item("翻译", "你好", "Hello"), new Item("算", "1+1", "2"));

    @Test
    void showsTasksAndBeginsTheNext() {
        var prompt = new GenerationPrompt("头", TASKS, 2, 1);
        assertThat(prompt.render(TASKS.subList(0, 2)))
                .isEqualTo("头\n###\n1. 指令: 写 一 首诗\n1. 输入:\n<无输入>\n1. 输出:\n诗\n"
                        + "###\n2. 指令: 翻译\n2. 输入:\n你好\n2. 输出:\nHello\n###\n3. 指令:");
    }

    @Test
    void aDrawDependsOnSeedAndNumberAlone() {
        List<Item> own = SeedTasks.own();
        var once = new GenerationPrompt("头", own, 3, 42);
        var again = new GenerationPrompt("头", own, 3, 42);
        var other = new GenerationPrompt("头", own, 3, 43);
        Set<String> prompts = new HashSet<>();
        for (long draw = 200; draw >= 0; draw--) {
            assertThat(once.of(draw)).isEqualTo(again.of(draw)).isNotEqualTo(other.of(draw));
            assertThat(once.drawn(draw)).doesNotHaveDuplicates().hasSize(3);
            prompts.add(once.of(draw));
        }
        assertThat(prompts).hasSize(201);
    }

    @Test
    void everyTaskIsDrawnAboutAsOften() {
        var prompt = new GenerationPrompt("头", TASKS, 1, 5);
        int[] times = new int[3];
        for (int draw = 0; draw < 3000; draw++) {
            times[TASKS.indexOf(prompt.drawn(draw).getFirst())]++;
        }
        assertThat(times).satisfies(all -> {
            for (int count : all) {
                assertThat(count).isBetween(850, 1150);
            }
        });
    }
}
