package belle.datagen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import belle.client.Api;
import belle.client.ModelServer;
import belle.client.Question;
import belle.client.Retries;
import belle.client.ScriptedServer;
import belle.datagen.Generator.End;
import belle.proto.FailureException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GeneratorTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    private Generator generator(ScriptedServer server, Path output, int items, int concurrency, long maxRequests) {
        return new Generator(new Generator.Plan(
                SeedTasks.own(),
                "头",
                new RunSettings(7, 18, 3, "p", "t", "r"),
                items,
                output,
                new ModelServer(server.url(), Optional.empty(), Optional.empty(), Duration.ofSeconds(20)),
                new Retries(8, Duration.ofMillis(1), Duration.ofMillis(10)),
                prompt -> new Question(Api.COMPLETION, "m", prompt, 64, 1, 1, List.of(), OptionalLong.empty()),
                text -> text.codePoints().toArray(),
                concurrency,
                5,
                maxRequests,
                Long.MAX_VALUE));
    }

    private static End run(Generator generator) throws IOException {
        return generator.run(RandomGenerator.getDefault(), _ -> {});
    }

    private static List<String> instructions(Path output) throws IOException {
        List<String> instructions = new ArrayList<>();
        for (JsonNode item : JSON.readTree(Files.readString(output))) {
            instructions.add(item.path("instruction").asText());
        }
        return instructions;
    }

    @Test
    void theSameAnswersGiveTheSameFileHoweverManyAreAskedAtOnceAndHoweverOftenItStopped() throws IOException {
        Path smooth = folder.resolve("smooth.json");
        Path rough = folder.resolve("rough.json");
        var quiet = new WritingModel(false);
        try (var server = new ScriptedServer(quiet::answer)) {
            assertThat(run(generator(server, smooth, 300, 1, Long.MAX_VALUE))).isEqualTo(End.COMPLETE);
        }
        var wild = new WritingModel(true);
        try (var server = new ScriptedServer(wild::answer)) {
            int parts = 0;
            for (long requests = 25; ; requests += 25) {
                parts++;
                End end = run(generator(server, rough, 300, 6, requests));
                if (end == End.COMPLETE) {
                    break;
                }
                assertThat(end).isEqualTo(End.BUDGET);
                assertThat(server.bodies().size()).isLessThanOrEqualTo((int) requests + parts * 6);
            }
            assertThat(parts).isGreaterThan(2);
        }
        assertThat(instructions(smooth)).hasSize(300).doesNotHaveDuplicates();
        assertThat(Files.readString(rough)).isEqualTo(Files.readString(smooth));
    }

    @Test
    void countsEveryTextOfEveryAnswer() throws IOException {
        Path output = folder.resolve("a.json");
        var model = new WritingModel(true);
        try (var server = new ScriptedServer(model::answer)) {
            Generator generator = generator(server, output, 100, 4, Long.MAX_VALUE);
            run(generator);
            Tally tally = generator.tally();
            assertThat(tally.kept()).isEqualTo(100);
            assertThat(tally.tokens()).isEqualTo(800 * tally.draws());
            assertThat(tally.requests()).isGreaterThan(tally.draws());
            assertThat(tally.dropped()).containsKeys(Reason.CUT, Reason.BLACKLIST);
            assertThat(generator.histograms().lines().getFirst()).isEqualTo("similarity to the nearest");
        }
    }

    @Test
    void anItemTellsWhatItIsLike() throws IOException {
        Path output = folder.resolve("a.json");
        var model = new WritingModel(false);
        try (var server = new ScriptedServer(model::answer)) {
            run(generator(server, output, 50, 2, Long.MAX_VALUE));
        }
        for (JsonNode item : JSON.readTree(Files.readString(output))) {
            assertThat(item.path("most_similar_instructions").size()).isBetween(5, 10);
            double before = 18;
            for (JsonNode score : item.path("most_similar_instructions")) {
                assertThat(score.asDouble()).isBetween(0.0, before);
                before = score.asDouble();
            }
            assertThat(item.path("avg_similarity_score").asDouble()).isBetween(0.0, 18.0);
        }
    }

    @Test
    void aServerThatRefusesEndsTheRunAndWhatWasKeptIsWritten() throws IOException {
        Path output = folder.resolve("a.json");
        var model = new WritingModel(false);
        try (var server = new ScriptedServer((number, path, body, exchange) -> {
            if (number < 5) {
                model.answer(number, path, body, exchange);
            } else {
                ScriptedServer.send(exchange, 401, "{\"error\":{\"message\":\"no key\"}}");
            }
        })) {
            Generator generator = generator(server, output, 1000, 1, Long.MAX_VALUE);
            assertThatThrownBy(() -> run(generator))
                    .isInstanceOf(FailureException.class)
                    .hasMessageContaining("401: no key");
            assertThat(instructions(output))
                    .hasSize((int) generator.tally().kept())
                    .isNotEmpty();
        }
    }

    @Test
    void failuresInARowEndTheRun() {
        try (var server = new ScriptedServer((_, _, _, exchange) -> ScriptedServer.send(exchange, 400, "no"))) {
            assertThatThrownBy(() -> run(generator(server, folder.resolve("a.json"), 10, 2, Long.MAX_VALUE)))
                    .isInstanceOf(FailureException.class)
                    .hasMessageContaining("5 draws in a row without an answer, the last one because of")
                    .hasMessageContaining("400: no");
        }
    }

    @Test
    void stopsWhileAServerHangs() throws Exception {
        try (var server = new ScriptedServer((_, _, _, _) -> Thread.sleep(15_000))) {
            Generator generator = generator(server, folder.resolve("a.json"), 10, 2, Long.MAX_VALUE);
            Thread.ofVirtual().start(() -> {
                while (server.bodies().isEmpty()) {
                    Thread.onSpinWait();
                }
                generator.stop();
            });
            assertThat(run(generator)).isEqualTo(End.STOPPED);
            assertThat(Files.readString(folder.resolve("a.json"))).isEqualTo("[\n]\n");
        }
    }
}
