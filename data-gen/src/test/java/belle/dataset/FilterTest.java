package belle.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import belle.proto.FailureException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FilterTest {
    private static final Path BELLE = Path.of(System.getProperty("belle.root", ".."), "../shared/belle");
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    private static List<JsonNode> labelled(String name) throws IOException {
        List<JsonNode> examples = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of("src/test/resources", name))) {
            examples.add(JSON.readTree(line));
        }
        return examples;
    }

    /** Whether a rule drops a labelled example; one that repeats another has that one before it. */
    private static boolean drops(Rule rule, JsonNode labelled) {
        var filter = new Filter(new Filter.Settings(Set.of(rule), 1000, 2000, 8000, 0.8));
        if (labelled.has("earlier")) {
            filter.judge(Example.of(labelled.path("earlier").asText(), "", "好", Map.of()), 1);
        }
        return filter.judge(
                        Example.of(
                                labelled.path("instruction").asText(),
                                labelled.path("input").asText(),
                                labelled.path("output").asText(),
                                Map.of()),
                        2)
                .isPresent();
    }

    private static void measure(
            String file, Rule rule, double leastPrecision, double leastRecall, TestReporter reporter)
            throws IOException {
        int right = 0;
        int wrong = 0;
        int missed = 0;
        List<String> faults = new ArrayList<>();
        for (JsonNode labelled : labelled(file)) {
            if (labelled.path("rule").asText().equals(rule.toString())) {
                boolean drop = labelled.path("drop").asBoolean();
                boolean dropped = drops(rule, labelled);
                right += drop && dropped ? 1 : 0;
                wrong += !drop && dropped ? 1 : 0;
                missed += drop && !dropped ? 1 : 0;
                if (drop != dropped) {
                    faults.add((drop ? "missed: " : "wrongly dropped: ") + labelled);
                }
            }
        }
        double precision = (double) right / (right + wrong);
        double recall = (double) right / (right + missed);
        reporter.publishEntry(
                file + " " + rule, "precision %.3f, recall %.3f of %d".formatted(precision, recall, right + missed));
        assertThat(precision).as("precision; %s", faults).isGreaterThanOrEqualTo(leastPrecision);
        assertThat(recall).as("recall; %s", faults).isGreaterThanOrEqualTo(leastRecall);
    }

    @ParameterizedTest
    @EnumSource(Rule.class)
    void dropsWhatPeopleWouldDrop(Rule rule, TestReporter reporter) throws IOException {
        measure("filter-examples.jsonl", rule, 0.95, 0.95, reporter);
    }

    /** These were written when the rules were done, and no rule was changed after. */
    @ParameterizedTest
    @EnumSource(value = Rule.class, mode = EnumSource.Mode.EXCLUDE, names = "LENGTH")
    void dropsWhatPeopleWouldDropOfWhatItWasNotMadeFor(Rule rule, TestReporter reporter) throws IOException {
        measure("filter-examples-held-out.jsonl", rule, 0.7, 0.6, reporter);
    }

    @Test
    void thereAreEnoughExamples() throws IOException {
        assertThat(labelled("filter-examples.jsonl").size()
                        + labelled("filter-examples-held-out.jsonl").size())
                .isGreaterThanOrEqualTo(300);
    }

    private Filtering.Report filter(String text) throws IOException {
        Path in = Files.writeString(folder.resolve("in.json"), text);
        return Filtering.run(
                in, folder.resolve("out.json"), folder.resolve("gone.json"), Optional.empty(), Filter.Settings.DEFAULT);
    }

    @Test
    void whatGoesIsWrittenWithItsReasonAndWhatStaysAsItWas() throws IOException {
        String stays = "{\"instruction\":\"写一篇关于春天的作文，不少于三百字。\",\"input\":\"\",\"output\":\"春天来了。\",\"id\":7}\n";
        Filtering.Report report = filter(stays
                + "{\"input\":\"请GPT模型写诗\",\"target\":\"好\"}\n"
                + "{\"input\":\"写一篇关于春天的作文，不少于三百字\",\"target\":\"又一个春天。\"}\n"
                + "{\"input\":\"写诗\",\"target\":\"\"}\n");
        assertThat(Files.readString(folder.resolve("out.json"))).isEqualTo(stays);
        assertThat(Files.readAllLines(folder.resolve("gone.json")))
                .containsExactly(
                        "{\"input\":\"请GPT模型写诗\",\"target\":\"好\",\"dropped\":\"gpt\"}",
                        "{\"input\":\"写一篇关于春天的作文，不少于三百字\",\"target\":\"又一个春天。\",\"dropped\":\"near-duplicate\",\"repeats\":1}",
                        "{\"input\":\"写诗\",\"target\":\"\",\"dropped\":\"length\"}");
        assertThat(report.read()).isEqualTo(4);
        assertThat(report.kept()).isEqualTo(1);
        assertThat(report.dropped()).isEqualTo(Map.of(Rule.GPT, 1L, Rule.NEAR_DUPLICATE, 1L, Rule.LENGTH, 1L));
    }

    @Test
    void aBrokenLineLeavesNothingBehind() throws IOException {
        assertThatThrownBy(() -> filter("{\"input\":\"写诗啊\",\"target\":\"好\"}\n{\"input\":3}\n"))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("in.json: line 2: ");
        assertThat(folder.toFile().list()).containsExactly("in.json");
    }

    @Test
    void hardlyAnythingOfBellesSetsIsDropped() throws IOException {
        assumeTrue(Files.exists(BELLE), "BELLE's files are not here");
        StringBuilder items = new StringBuilder();
        for (String line : Files.readAllLines(BELLE.resolve("zh_seed_tasks.json"))) {
            JsonNode task = JSON.readTree(line);
            var item = JSON.createObjectNode();
            item.put("instruction", task.path("instruction").asText());
            item.put("input", task.path("instances").path(0).path("input").asText());
            item.put("output", task.path("instances").path(0).path("output").asText());
            items.append(item).append('\n');
        }
        Filtering.Report report = filter(items.toString());
        assertThat(report.read()).isEqualTo(175);
        assertThat(report.kept()).as("dropped: %s", report.examples()).isGreaterThanOrEqualTo(160);
    }

    @Test
    void nearDuplicatesAreFoundAmongMany() {
        var known = new NearDuplicates(0.8);
        for (int i = 0; i < 20_000; i++) {
            assertThat(known.findOrAdd(text(i), i)).isEmpty();
        }
        for (int i = 0; i < 20_000; i += 97) {
            assertThat(known.findOrAdd(text(i) + "！", -1)).hasValue(i);
        }
    }

    private static String text(int seed) {
        var random = new Random(seed);
        var text = new StringBuilder();
        for (int i = 0; i < 24; i++) {
            text.appendCodePoint(0x4e00 + random.nextInt(3000));
        }
        return text.toString();
    }
}
