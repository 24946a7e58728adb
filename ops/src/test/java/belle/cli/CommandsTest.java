package belle.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import belle.export.bundle.ExportOptions;
import belle.export.bundle.Exporter;
import belle.export.checkpoint.Progress;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.PromptTemplates;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands as people run them: real processes, exit statuses, and one line for every refusal. */
class CommandsTest {
    private static final Path CHECKPOINT = Path.of("src", "main", "model", "belle-tiny");

    @TempDir
    private static Path folder;

    private static String bundle = "";

    @BeforeAll
    static void export() {
        Path target = folder.resolve("belle-tiny");
        bundle = target.toString();
        var options = new ExportOptions(target, false, Optional.empty(), PromptTemplates.BELLE, 0);
        Exporter.export(CHECKPOINT, options, Progress.NONE);
    }

    @Test
    void exportsInspectsAndVerifies() throws Exception {
        String made = folder.resolve("made").toString();
        var exported = Belle.run("export", CHECKPOINT.toString(), "--out", made, "--weights", "f32");
        assertThat(exported.status()).as(exported.err()).isZero();
        assertThat(exported.out()).contains("bloom in f32", "belle up --model " + made);
        assertThat(exported.err()).contains("100%");
        assertThat(Belle.run("verify", made).out()).contains("sound");
        JsonNode facts = json(Belle.run("inspect", made, "--json"));
        assertThat(facts.at("/architecture/family").asText()).isEqualTo("bloom");
        assertThat(facts.at("/memory/weightBytes").asLong()).isPositive();
    }

    @Test
    void exportQuantisesByText() throws Exception {
        String made = folder.resolve("quantised").toString();
        Path text = Files.writeString(folder.resolve("text.txt"), "Human: \n你好\n\nAssistant: \n你好，我是助手。\n".repeat(40));
        var exported = Belle.run(
                "export",
                CHECKPOINT.toString(),
                "--out",
                made,
                "--weights",
                "q4",
                "--group",
                "32",
                "--calibration",
                text.toString(),
                "--activation-order");
        assertThat(exported.status()).as(exported.err()).isZero();
        assertThat(exported.err()).contains("matrices were quantised by");
        assertThat(Belle.run("verify", made).out()).contains("sound");
        assertThat(json(Belle.run("inspect", made, "--json")).path("weights").asText())
                .isEqualTo("q4");
        assertThat(Belle.run("generate", made, "--chat", "你好", "--max-tokens", "8")
                        .status())
                .isZero();
    }

    @Test
    void computesWithTheProviderThatIsNamed() throws Exception {
        String made = folder.resolve("portable").toString();
        assertThat(Belle.run("export", CHECKPOINT.toString(), "--out", made, "--portable")
                        .status())
                .isZero();
        assertThat(Belle.run("verify", made).out()).contains("sound; 12 files");
        List<String> generate = List.of("generate", made, "--chat", "你好", "--max-tokens", "8", "--json");
        JsonNode kernels = json(Belle.run(generate.toArray(String[]::new)));
        List<String> portable = new ArrayList<>(generate);
        portable.addAll(List.of("--provider", "portable"));
        assertThat(json(Belle.run(portable.toArray(String[]::new))).get("ids")).isEqualTo(kernels.get("ids"));
        refused(Belle.run("generate", bundle, "--chat", "你好", "--provider", "portable"), "--portable");
        refused(Belle.run("generate", made, "--chat", "你好", "--provider", "rocm"), "kernels, portable, cuda");
    }

    @Test
    void exportRefusesInOneLineWhatItCannotDo() throws Exception {
        refused(
                Belle.run(
                        "export", "no-such-folder", "--out", folder.resolve("x").toString()),
                "no-such-folder");
        refused(Belle.run("export", CHECKPOINT.toString(), "--out", bundle), "--force");
        refused(Belle.run("export", CHECKPOINT.toString(), "--out", bundle, "--weights", "f8"), "f16");
        refused(Belle.run("export", CHECKPOINT.toString(), "--out", bundle, "--template", "none"), "belle");
        String other = folder.resolve("other").toString();
        refused(Belle.run("export", CHECKPOINT.toString(), "--out", other, "--group", "48"), "[32, 64, 128]");
        refused(Belle.run("export", CHECKPOINT.toString(), "--out", other, "--group", "64"), "these are f16");
        refused(Belle.run("export", CHECKPOINT.toString(), "--out", other, "--activation-order"), "--calibration");
        Path empty = Files.createFile(folder.resolve("empty.txt"));
        refused(
                Belle.run(
                        "export",
                        CHECKPOINT.toString(),
                        "--out",
                        other,
                        "--weights",
                        "q4",
                        "--calibration",
                        empty.toString()),
                "holds no text");
        assertThat(Path.of(other)).doesNotExist();
        assertThat(Belle.run("export", CHECKPOINT.toString()).status()).isEqualTo(2);
    }

    @Test
    void verifyNamesTheFileWithAFlippedByte() throws Exception {
        Path copy = Files.createDirectory(folder.resolve("flipped"));
        try (var files = Files.list(Path.of(bundle))) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        Path weights = copy.resolve(Manifest.WEIGHTS_FILE);
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length / 2] ^= 1;
        Files.write(weights, bytes, StandardOpenOption.TRUNCATE_EXISTING);
        refused(Belle.run("verify", copy.toString()), Manifest.WEIGHTS_FILE);
        refused(Belle.run("generate", copy.toString(), "--prompt", "a"), Manifest.WEIGHTS_FILE);
    }

    @Test
    void tokenizesAndBack() throws Exception {
        JsonNode tokenized = json(Belle.run("tokenize", bundle, "--text", "你好</s>", "--json"));
        assertThat(tokenized.get("ids")).hasSizeGreaterThan(2);
        String ids = tokenized.get("ids").toString().replaceAll("[\\[\\]]", "");
        assertThat(Belle.run("detokenize", bundle, "--ids", ids).out().strip()).isEqualTo("你好</s>");
        assertThat(Belle.run("detokenize", bundle, "--ids", "1,x").status()).isEqualTo(2);
        refused(Belle.run("detokenize", bundle, "--ids", "999999"), "999999");
    }

    @Test
    void generatesTheSameWithAndWithoutTheFlagsThatMustNotMatter() throws Exception {
        JsonNode one = json(Belle.run(
                "generate",
                bundle,
                "--chat",
                "你好",
                "--max-tokens",
                "12",
                "--logprobs",
                "2",
                "--threads",
                "1",
                "--json"));
        JsonNode two = json(
                Belle.run("generate", bundle, "--chat", "你好", "--max-tokens", "12", "--kv-cache", "f32", "--json"));
        assertThat(one.get("ids"))
                .isEqualTo(two.get("ids"))
                .hasSize(one.get("logprobs").size());
        assertThat(one.get("top_logprobs").get(0)).hasSize(2);
        assertThat(one.get("finish_reason").asText()).isIn("stop", "length");
        assertThat(one.get("prompt_ids")).isNotEmpty();
        assertThat(one.get("text").asText()).isEqualTo(two.get("text").asText());
        assertThat(one.at("/timings/decode_ms").asDouble()).isNotNegative();
    }

    @Test
    void generateRefusesInOneLineWhatItCannotDo() throws Exception {
        refused(Belle.run("generate", bundle, "--prompt", "a", "--tensor-parallel", "8"), "--tensor-parallel");
        refused(Belle.run("generate", bundle, "--prompt", "a", "--temperature", "9"), "temperature");
        refused(Belle.run("generate", bundle, "--prompt-ids", "99999"), "99999");
        refused(Belle.run("generate", "no-such-bundle", "--prompt", "a"), "no-such-bundle");
        assertThat(Belle.run("generate", bundle).status()).isEqualTo(2);
    }

    @Test
    void perplexityIsOfTheFilesText() throws Exception {
        Path text = Files.writeString(folder.resolve("text.txt"), "你好，世界。今天天气很好。");
        JsonNode found = json(Belle.run("perplexity", bundle, text.toString(), "--json"));
        assertThat(found.get("perplexity").asDouble())
                .isEqualTo(Math.exp(
                        found.get("nll").asDouble() / found.get("tokens").asInt()));
        JsonNode narrow = json(Belle.run("perplexity", bundle, text.toString(), "--kv-cache", "q8", "--json"));
        assertThat(narrow.get("nll").asDouble())
                .isNotEqualTo(found.get("nll").asDouble())
                .isCloseTo(found.get("nll").asDouble(), withinPercentage(2));
        refused(
                Belle.run("perplexity", bundle, text.toString(), "--kv-cache", "f8"),
                "kv-cache-type must be bundle or one of f32, f16, q8, but is f8");
        refused(Belle.run("perplexity", bundle, "no-such-file"), "no-such-file: no such file or folder");
    }

    @Test
    void benchTellsWhatAStepCostsInJava() throws Exception {
        var alone = Belle.run("bench", "--engine", "--smoke");
        assertThat(alone.status()).as(alone.err()).isZero();
        assertThat(alone.out().lines()).hasSize(20).allMatch(line -> line.endsWith(" us"));
        var ofModel = Belle.run("bench", "--engine", "--smoke", "--model", bundle);
        assertThat(ofModel.status()).as(ofModel.err()).isZero();
        assertThat(ofModel.out().lines()).hasSize(20).allMatch(line -> line.endsWith("% of the step"));
    }

    @Test
    void benchTellsWhatRanksCost() throws Exception {
        var run = Belle.run("bench", "--ranks", "--smoke", "--model", bundle);
        assertThat(run.status()).as(run.err()).isZero();
        assertThat(run.out().lines()).hasSize(7);
        assertThat(run.out())
                .contains(
                        "on 2 ranks",
                        "beside a busy process",
                        "sum of 2 rows of 4096",
                        "sum of 2 numbers",
                        "a run of one small operator");
    }

    @Test
    void benchTellsWhatAStreamTakesOfMemory() throws Exception {
        var run = Belle.run("bench", "--memory", "--smoke", "--json", "--model", bundle);
        JsonNode rows = json(run).get("rows");
        assertThat(rows)
                .extracting(row -> row.get("name").asText())
                .containsExactly("files of the bundle", "resident memory", "anonymous memory at the end");
        assertThat(rows.get(1).get("belle").asDouble())
                .isGreaterThan(rows.get(2).get("belle").asDouble());
    }

    @Test
    void aPortInUseIsOneLine() throws Exception {
        try (var taken = new ServerSocket(0)) {
            String port = Integer.toString(taken.getLocalPort());
            refused(Belle.run("up", "--model", bundle, "--port", port), port, "--port");
        }
    }

    @Test
    void aChatWithoutAServerIsOneLine() throws Exception {
        int port;
        try (var free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        refused(Belle.run("chat", "--url", "http://127.0.0.1:" + port), "belle up");
    }

    private static void refused(Belle run, String... words) {
        assertThat(run.status()).as(run.out() + run.err()).isEqualTo(1);
        assertThat(run.err().strip().lines()).as(run.err()).hasSize(1);
        assertThat(run.err()).startsWith("belle: ").contains(words);
    }

    private static JsonNode json(Belle run) throws IOException {
        assertThat(run.status()).as(run.err()).isZero();
        return new ObjectMapper().readTree(run.out());
    }
}
