package belle.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import belle.proto.FailureException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvalSetTest {
    private static final Path BELLE = Path.of(System.getProperty("belle.root", ".."), "../shared/belle/eval_set.json");

    @TempDir
    private Path folder;

    @Test
    void spellingsOfAClassAreOne() throws IOException {
        Path file = Files.writeString(
                folder.resolve("set.json"),
                "{\"question\":\"a\",\"std_answer\":\"\",\"class\":\"closed\u00a0qa\"}\n{\"question\":\"b\",\"class\":\"closed QA\"}\n");
        assertThat(EvalSet.read(file))
                .containsExactly(new EvalItem(1, "a", "", "closed qa"), new EvalItem(2, "b", "", "closed qa"));
    }

    @Test
    void aWrongItemIsNamedByItsLine() throws IOException {
        Path file = Files.writeString(folder.resolve("set.json"), "\n{\"question\":\" \",\"class\":\"a\"}\n");
        assertThatThrownBy(() -> EvalSet.read(file))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("set.json: line 2: 'question' must be text");
    }

    @Test
    void bellesSetHasItsTenClasses() throws IOException {
        assumeTrue(Files.exists(BELLE), "BELLE's evaluation set is not here");
        Map<String, Long> classes =
                EvalSet.read(BELLE).stream().collect(Collectors.groupingBy(EvalItem::taskClass, Collectors.counting()));
        assertThat(classes)
                .hasSize(10)
                .containsEntry("open qa", 285L)
                .containsEntry("closed qa", 52L)
                .containsEntry("extract", 37L);
    }

    @Test
    void questionsWithoutAnswerCountAsNothingRightAndThoseWithoutReferenceNotAtAll() {
        List<EvalItem> items =
                List.of(new EvalItem(1, "a", "好", "x"), new EvalItem(2, "b", "", "x"), new EvalItem(3, "c", "坏", "y"));
        var replies = Map.of(1L, new Reply(1, "好。", "stop", ""), 3L, new Reply(3, "", "", "no server"));
        List<ScoreTable.Row> rows = ScoreTable.of(items, replies, 1);
        assertThat(rows.stream().map(ScoreTable.Row::taskClass)).containsExactly("all", "x", "y");
        assertThat(rows.getFirst().questions()).isEqualTo(2);
        assertThat(rows.getFirst().unanswered()).isEqualTo(1);
        assertThat(rows.getFirst().exactMatch().mean()).isEqualTo(50);
        assertThat(rows.get(1).exactMatch().mean()).isEqualTo(100);
    }
}
