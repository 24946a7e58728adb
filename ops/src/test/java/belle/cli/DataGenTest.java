package belle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import belle.client.ScriptedServer;
import belle.datagen.WritingModel;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code belle data-gen} as a process that is killed, beside one that is not. */
class DataGenTest {
    /** The whole proof: {@code -Dbelle.datagen.items=10000 -Dbelle.datagen.kills=10}. */
    private static final int ITEMS = Integer.getInteger("belle.datagen.items", 300);

    private static final int KILLS = Integer.getInteger("belle.datagen.kills", 4);

    private static final long LIMIT_SECONDS = 120L + ITEMS / 5;

    @TempDir
    private Path folder;

    private static List<String> command(URI server, Path output, int items) {
        return List.of(
                "data-gen",
                "--model",
                "m",
                "--base-url",
                server.toString(),
                "--tokenizer",
                "src/main/model/belle-tiny/tokenizer.json",
                "--num-instructions",
                Integer.toString(items),
                "--output",
                output.toString(),
                "--concurrency",
                "5");
    }

    @Test
    void killedAgainAndAgainNothingIsLostAndNothingDoubled() throws Exception {
        Path smooth = folder.resolve("smooth.json");
        Path rough = folder.resolve("rough.json");
        var quiet = new WritingModel(false);
        long whole;
        try (var server = new ScriptedServer(quiet::answer)) {
            Belle run = Belle.run(
                    LIMIT_SECONDS, command(server.url(), smooth, ITEMS).toArray(String[]::new));
            assertThat(run.status()).as(run.err()).isZero();
            assertThat(run.out()).contains("smooth.json: " + ITEMS + " items", "similarity to the nearest");
            assertThat(run.err()).contains("100%", ITEMS + " of " + ITEMS + " kept");
            whole = Files.size(folder.resolve("smooth.json.log"));
        }
        var wild = new WritingModel(true);
        var random = new Random(9);
        try (var server = new ScriptedServer(wild::answer)) {
            for (int kill = 1; kill <= KILLS; kill++) {
                killAt(whole * kill / (KILLS + 1) + random.nextInt(500), command(server.url(), rough, ITEMS), rough);
            }
            Belle last =
                    Belle.run(LIMIT_SECONDS, command(server.url(), rough, ITEMS).toArray(String[]::new));
            assertThat(last.status()).as(last.err()).isZero();
        }
        List<String> instructions = new ArrayList<>();
        for (JsonNode item : new ObjectMapper().readTree(rough.toFile())) {
            instructions.add(item.path("instruction").asText());
        }
        assertThat(instructions).hasSize(ITEMS).doesNotHaveDuplicates();
        assertThat(rough).hasSameTextualContentAs(smooth);
    }

    /** Starts the command and kills it with -9 when the log has so many bytes. */
    private static void killAt(long bytes, List<String> command, Path output) throws IOException, InterruptedException {
        Path log = output.resolveSibling(output.getFileName() + ".log");
        Process process = OwnProcess.builder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        while (process.isAlive() && (!Files.exists(log) || Files.size(log) < bytes)) {
            Thread.sleep(2);
        }
        assertThat(process.isAlive()).as("killed before its end").isTrue();
        process.destroyForcibly().waitFor();
    }

    @Test
    void wrongUsageIsOneLine() throws Exception {
        Path output = folder.resolve("a.json");
        URI nowhere = URI.create("http://127.0.0.1:9");
        Belle zero = Belle.run(command(nowhere, output, 0).toArray(String[]::new));
        assertThat(zero.status()).isEqualTo(2);
        assertThat(zero.err()).contains("--num-instructions must be at least 1, not 0");
        List<String> wrongFile = new ArrayList<>(command(nowhere, output, 5));
        wrongFile.addAll(List.of("--seed-tasks", folder.resolve("none").toString()));
        Belle missing = Belle.run(wrongFile.toArray(String[]::new));
        assertThat(missing.status()).isEqualTo(1);
        assertThat(missing.err()).isEqualTo("belle: " + folder.resolve("none") + ": no such file or folder\n");
        assertThat(output).doesNotExist();
    }
}
