package belle.export.bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import belle.export.checkpoint.Progress;
import belle.proto.FailureException;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.FileHash;
import belle.proto.bundle.PromptTemplates;
import belle.proto.bundle.Verification;
import belle.proto.bundle.WeightType;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An export that quantises by text goes on where it was killed, and the bundle is the same. */
class ResumedExportTest {
    private static final String GOES_ON = "goes on behind layer 1 of 2";

    @TempDir
    private Path folder;

    private Path checkpoint = Path.of("");
    private Path target = Path.of("");
    private Path rest = Path.of("");

    @BeforeEach
    void place() throws URISyntaxException {
        checkpoint = Path.of(Objects.requireNonNull(ResumedExportTest.class.getResource("/references/llama-mqa-linear"))
                .toURI());
        target = folder.resolve("bundle");
        rest = folder.resolve(".bundle.partial");
    }

    /** In the first layer, in the second one, there again, and when only the rename was missing. */
    @Test
    void killedAgainAndAgainItMakesTheSameBundle() throws Exception {
        assertThat(killed(3)).noneMatch(line -> line.contains("goes on"));
        List<String> second = killed(14);
        assertThat(second).noneMatch(line -> line.contains("goes on"));
        assertThat(second.get(12)).startsWith("layers 1.");
        assertThat(killed(4)).anyMatch(line -> line.contains(GOES_ON));
        List<String> last = killed(14);
        assertThat(last).anyMatch(line -> line.contains(GOES_ON)).anyMatch(line -> line.contains("were quantised"));
        assertThat(last).noneMatch(line -> line.contains("perplexity"));
        List<String> rest = InterruptedExport.run(checkpoint, target, 0);
        assertThat(rest)
                .anyMatch(line -> line.contains("goes on behind layer 2 of 2"))
                .contains("made");
        assertThat(rest).noneMatch(line -> line.startsWith("layers"));
        sameAsUndisturbed();
    }

    private List<String> killed(int last) throws Exception {
        List<String> told = InterruptedExport.run(checkpoint, target, last);
        assertThat(told).doesNotContain("made");
        assertThat(target).doesNotExist();
        return told;
    }

    @Test
    void anotherExportDoesNotUseTheRestAndRemovesIt() throws Exception {
        stop();
        List<String> notes = export(InterruptedExport.options(target, 64));
        assertThat(notes).noneMatch(line -> line.contains("goes on"));
        assertThat(names(folder)).containsExactly("bundle");
    }

    @Test
    void anExportThatIsRefusedLeavesTheRestOfAnother() throws Exception {
        stop();
        var wrong = new ExportOptions(
                target,
                false,
                Optional.of(WeightType.F16),
                Optional.of(32),
                Optional.empty(),
                Optional.empty(),
                PromptTemplates.BELLE,
                Optional.empty(),
                0);
        assertThatThrownBy(() -> export(wrong)).isInstanceOf(FailureException.class);
        goesOn();
    }

    @Test
    void aRestOfSomethingElseIsNotTouched() throws Exception {
        Path own = Files.writeString(Files.createDirectory(rest).resolve("diary.txt"), "mine");
        assertThatThrownBy(() -> export(InterruptedExport.options(target, 32)))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining(rest.toString());
        assertThat(own).hasContent("mine");
        assertThat(names(folder)).containsExactly(".bundle.partial");
    }

    /** From this process and from another one. */
    @Test
    void twoAtOnceAreOneTooMany() throws Exception {
        String refusal = "another export to " + target + " is under way";
        List<String> told = new ArrayList<>();
        export(InterruptedExport.options(target, 32), done -> {
            if (told.isEmpty()) {
                assertThatThrownBy(() -> export(InterruptedExport.options(target, 32)))
                        .isInstanceOf(FailureException.class)
                        .hasMessageContaining(refusal);
                try {
                    told.addAll(InterruptedExport.run(checkpoint, target, 0));
                } catch (IOException | InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
            return false;
        });
        assertThat(told).anyMatch(line -> line.startsWith("refused: ") && line.contains(refusal));
        sameAsUndisturbed();
    }

    /** Whatever of the rest is not what was written, all of it is made again. */
    @ParameterizedTest
    @CsvSource({
        "progress, cut",
        "progress, flipped",
        "hidden-1, cut",
        "hidden-1, flipped",
        "hidden-1, gone",
        "bundle/weights.bin, cut",
        "bundle/weights.bin, flipped",
        "bundle/weights.bin, gone"
    })
    void aDamagedRestIsNotTrusted(String name, String damage) throws Exception {
        stop();
        Path file = rest.resolve(name);
        byte[] bytes = Files.readAllBytes(file);
        // In weights.bin the layer that is finished is what lies in the middle.
        int middle = name.endsWith(".bin") ? firstLayerByte() : bytes.length / 2;
        switch (damage) {
            case "cut" -> Files.write(file, Arrays.copyOf(bytes, middle));
            case "gone" -> Files.delete(file);
            default -> {
                bytes[middle] ^= 1;
                Files.write(file, bytes);
            }
        }
        assertThat(export(InterruptedExport.options(target, 32))).noneMatch(line -> line.contains("goes on"));
        sameAsUndisturbed();
    }

    private int firstLayerByte() throws IOException {
        var tensors = undisturbed().manifest().tensors();
        return Math.toIntExact(Objects.requireNonNull(tensors.get("layers.0.attention.q.weight"))
                        .offset()
                + 5);
    }

    private void goesOn() throws IOException {
        assertThat(export(InterruptedExport.options(target, 32))).anyMatch(line -> line.contains(GOES_ON));
        sameAsUndisturbed();
    }

    /** Ends an export in its second layer. */
    private void stop() throws IOException {
        assertThatThrownBy(() -> export(InterruptedExport.options(target, 32), done -> done > 1))
                .isInstanceOf(Stopped.class);
        assertThat(names(folder)).containsExactly(".bundle.partial");
        assertThat(names(rest)).contains("progress", "hidden-1");
    }

    /** Not an exception: nothing on the way may take it for a failure of the export. */
    private static final class Stopped extends Error {
        private static final long serialVersionUID = 1;
    }

    private List<String> export(ExportOptions options) {
        return export(options, _ -> false);
    }

    private List<String> export(ExportOptions options, Predicate<Double> stop) {
        List<String> notes = new ArrayList<>();
        Exporter.export(checkpoint, options, new Progress() {
            @Override
            public void advanced(long doneBytes, long totalBytes) {}

            @Override
            public void layers(double done, int total) {
                if (stop.test(done)) {
                    throw new Stopped();
                }
            }

            @Override
            public void note(String line) {
                notes.add(line);
            }
        });
        return notes;
    }

    private Bundle undisturbed() throws IOException {
        Path other = Files.createDirectories(folder.resolve("undisturbed")).resolve("bundle");
        return Files.exists(other)
                ? Bundle.open(other, Verification.EVERYTHING)
                : Exporter.export(checkpoint, InterruptedExport.options(other, 32), Progress.NONE);
    }

    private void sameAsUndisturbed() throws IOException {
        Map<String, String> expected = hashes(undisturbed().dir());
        assertThat(hashes(target)).isEqualTo(expected).hasSize(4);
        assertThat(names(folder)).containsExactly("bundle", "undisturbed");
    }

    private static Map<String, String> hashes(Path bundle) throws IOException {
        Map<String, String> hashes = new HashMap<>();
        for (String name : names(bundle)) {
            hashes.put(name, FileHash.plain(bundle.resolve(name)));
        }
        return hashes;
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }
}
