package belle.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import belle.export.bundle.ExportOptions;
import belle.export.bundle.Exporter;
import belle.export.checkpoint.Progress;
import belle.proto.FailureException;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.PromptTemplates;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Exports to a small disk of their own that is too small, or becomes so. Mounting one takes root; skipped without. */
class FullDiskTest {
    private static final Path CHECKPOINT = Path.of("src", "main", "model", "belle-tiny");
    private static final int PAGE = 4096;

    @TempDir
    private Path folder;

    private Path disk = Path.of("");
    private long weightBytes;
    private boolean mounted;

    @BeforeEach
    void exportOnce() {
        disk = folder.resolve("disk");
        Bundle whole = Exporter.export(CHECKPOINT, options(folder.resolve("whole")), Progress.NONE);
        weightBytes = whole.manifest().files().entrySet().stream()
                .filter(file -> file.getKey().equals(Manifest.WEIGHTS_FILE))
                .mapToLong(file -> file.getValue().bytes())
                .sum();
    }

    @AfterEach
    void unmount() throws Exception {
        if (mounted) {
            assertThat(status("umount", disk.toString())).isZero();
        }
    }

    @Test
    void weightsThatDoNotFitAreRefusedBeforeTheyAreWritten() throws Exception {
        mount(weightBytes / 2);
        refused(
                Belle.run("export", CHECKPOINT.toString(), "--out", target().toString()),
                Manifest.WEIGHTS_FILE,
                Long.toString(weightBytes));
    }

    @Test
    void aFileThatDoesNotFitBesideTheWeightsIsNamed() throws Exception {
        mount(weightBytes + PAGE);
        long bytes = Files.size(folder.resolve("whole").resolve(Manifest.TOKENIZER_FILE));
        refused(
                Belle.run("export", CHECKPOINT.toString(), "--out", target().toString()),
                Manifest.TOKENIZER_FILE,
                Long.toString(bytes));
    }

    @Test
    void aDiskThatSomebodyElseFillsMeanwhileIsAsClear() throws Exception {
        mount(2 * weightBytes);
        assertThatThrownBy(() -> Exporter.export(CHECKPOINT, options(target()), (_, _) -> fill()))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining(Manifest.WEIGHTS_FILE)
                .hasMessageContaining(Long.toString(weightBytes))
                .hasMessageContaining("No space left");
        Files.delete(disk.resolve("filler"));
        assertThat(disk).isEmptyDirectory();
    }

    private Path target() {
        return disk.resolve("bundle");
    }

    private static ExportOptions options(Path target) {
        return new ExportOptions(target, false, Optional.empty(), PromptTemplates.BELLE, 0);
    }

    private void refused(Belle run, String... words) {
        assertThat(run.status()).as(run.out() + run.err()).isEqualTo(1);
        assertThat(run.err().lines().filter(line -> line.startsWith("belle: ")).toList())
                .as(run.err())
                .hasSize(1);
        assertThat(run.err().strip().lines().toList().getLast())
                .startsWith("belle: ")
                .contains(words);
        assertThat(disk).isEmptyDirectory();
    }

    /** Takes all that is left of the disk. */
    private void fill() {
        Path filler = disk.resolve("filler");
        try {
            if (!Files.exists(filler)) {
                Files.write(filler, new byte[Math.toIntExact(3 * weightBytes)]);
            }
        } catch (IOException e) {
            if (!String.valueOf(e.getMessage()).contains("No space left")) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private void mount(long bytes) throws Exception {
        Files.createDirectory(disk);
        long whole = (bytes + PAGE - 1) / PAGE * PAGE;
        int status = status("mount", "-t", "tmpfs", "-o", "size=" + whole, "belle-test", disk.toString());
        Assumptions.assumeTrue(status == 0, "a disk to fill cannot be mounted here: run the test as root");
        mounted = true;
    }

    private static int status(String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (IOException e) {
            return -1; // no such command
        }
    }
}
