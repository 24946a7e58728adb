package belle.datagen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Decisions and scores against rank-bm25's, which {@code src/test/python/bm25_reference.py} wrote down. */
class Bm25ReferenceTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final double LIMIT = 18;

    @Test
    void decidesTheProjectsSeedTasksAsTheReference() throws IOException {
        List<String> own = SeedTasks.own().stream()
                .map(task -> task.instruction() + task.input())
                .toList();
        compare(own, Path.of("src/test/resources/bm25-seed-tasks.jsonl"));
    }

    /** {@code -Dbelle.bm25.instructions=FILE -Dbelle.bm25.decisions=FILE}: any other list. */
    @Test
    void decidesAnyListAsTheReference() throws IOException {
        String instructions = System.getProperty("belle.bm25.instructions", "");
        assumeTrue(!instructions.isEmpty(), "no list was named");
        List<String> texts = Files.readAllLines(Path.of(instructions)).stream()
                .map(Bm25ReferenceTest::instruction)
                .toList();
        compare(texts, Path.of(System.getProperty("belle.bm25.decisions")));
    }

    private static void compare(List<String> texts, Path decisions) throws IOException {
        List<String> lines = Files.readAllLines(decisions);
        assertThat(lines).hasSameSizeAs(texts);
        var index = new Bm25Index();
        int kept = 0;
        for (int i = 0; i < lines.size(); i++) {
            JsonNode expected = JSON.readTree(lines.get(i));
            int[] tokens = texts.get(i).codePoints().toArray();
            Bm25Index.Similarity found =
                    index.similarity(tokens, Double.POSITIVE_INFINITY).orElseThrow();
            assertThat(
                            found.nearest().isEmpty()
                                    ? 0
                                    : found.nearest().getFirst().score())
                    .as("line %d", i + 1)
                    .isCloseTo(expected.path("most").asDouble(), within(1e-8));
            assertThat(found.mean())
                    .as("line %d", i + 1)
                    .isCloseTo(expected.path("mean").asDouble(), within(1e-8));
            assertThat(index.similarity(tokens, LIMIT).isPresent())
                    .isEqualTo(expected.path("kept").asBoolean());
            if (expected.path("kept").asBoolean()) {
                index.add(tokens);
                kept++;
            }
        }
        assertThat(kept).isBetween(1, texts.size() - 1);
    }

    private static String instruction(String line) {
        try {
            return JSON.readTree(line).path("instruction").asText();
        } catch (IOException e) {
            throw new IllegalStateException(line, e);
        }
    }
}
