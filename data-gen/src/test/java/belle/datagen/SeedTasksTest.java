package belle.datagen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import belle.proto.FailureException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SeedTasksTest {
    private static final Path BELLE =
            Path.of(System.getProperty("belle.root", ".."), "../shared/belle/zh_seed_tasks.json");

    @TempDir
    private Path folder;

    @Test
    void theProjectsOwnHaveBellesProportions() {
        List<Item> own = SeedTasks.own();
        assertThat(own).hasSizeGreaterThanOrEqualTo(175);
        assertThat(own.stream().filter(task -> task.input().isEmpty())).hasSize(49);
        assertThat(own).allSatisfy(task -> {
            assertThat(task.output()).isNotBlank();
            assertThat(Candidates.of(new GenerationPrompt("", List.of(task), 1, 0).render(List.of(task)) + "x", true)
                            .items())
                    .as("a task survives its own rules")
                    .containsExactly(new Item(task.instruction().strip(), task.input(), task.output()));
        });
        assertThat(SeedTasks.ownHeading()).isNotBlank();
    }

    @Test
    void theProjectsOwnAreItsOwn() throws IOException {
        assumeTrue(Files.exists(BELLE), "BELLE's seed tasks are not here");
        List<Item> belle = SeedTasks.read(BELLE);
        assertThat(belle).hasSize(175);
        assertThat(SeedTasks.own().stream().map(Item::instruction))
                .doesNotContainAnyElementsOf(
                        belle.stream().map(Item::instruction).toList());
        assertThat(SeedTasks.own().stream().map(Item::output).filter(text -> text.length() > 12))
                .doesNotContainAnyElementsOf(belle.stream().map(Item::output).toList());
    }

    static Stream<Arguments> wrongLines() {
        return Stream.of(
                Arguments.of("{'instruction':'a','instances':[]}", "'instances' must have exactly one entry, not 0"),
                Arguments.of("{'instruction':' ','instances':[{'input':'','output':'b'}]}", "'instruction' is empty"),
                Arguments.of("{'instruction':7,'instances':[{'input':'','output':'b'}]}", "'instruction' must be text"),
                Arguments.of("{'instruction':'a','instances':[{'output':'b'}]}", "'input' must be text"),
                Arguments.of("{'instruction':", "no JSON"));
    }

    @ParameterizedTest
    @MethodSource("wrongLines")
    void aWrongLineIsNamed(String line, String problem) throws IOException {
        Path file = folder.resolve("tasks.json");
        Files.writeString(
                file,
                "{\"instruction\":\"甲\",\"instances\":[{\"input\":\"\",\"output\":\"乙\"}]}\n\n"
                        + line.replace('\'', '"') + "\n");
        assertThatThrownBy(() -> SeedTasks.read(file))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("tasks.json: line 3: " + problem);
    }
}
