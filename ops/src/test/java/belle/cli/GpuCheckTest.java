package belle.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import belle.kernels.OrtLibraries;
import belle.ort.CudaRuntime;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code belle gpu-check}: the whole of it on the processor, with a small shape. */
class GpuCheckTest {
    @TempDir
    private Path folder;

    private final StringWriter err = new StringWriter();

    @Test
    void checksThePortableGraphAndWritesAReport() throws Exception {
        Path report = folder.resolve("report.md");
        assertThat(run("gpu-check", "--smoke", "--out", report.toString(), "--work", folder.toString()))
                .as(err.toString())
                .isZero();
        String text = Files.readString(report);
        assertThat(text).contains("| belle-tiny | f32 | 8 of 8 |", "| llama-smoke | q4 | ", "## portable 0");
        assertThat(text).doesNotContain("FAILED", "failed");
        assertThat(text.lines().filter(line -> line.startsWith("| llama-smoke")))
                .hasSize(4 + 3 + 4);
        try (var left = Files.list(folder)) {
            assertThat(left).containsExactly(report);
        }
    }

    @Test
    void saysInOneLineWhatAGpuNeeds() throws Exception {
        assumeTrue(CudaRuntime.missing(OrtLibraries.folder()).isPresent(), "there is a GPU here");
        assertThat(run("gpu-check", "--out", folder.resolve("report.md").toString()))
                .isEqualTo(1);
        assertThat(err.toString()).hasLineCount(1).contains("gpu-check: ");
        assertThat(folder.resolve("report.md")).doesNotExist();
    }

    private int run(String... arguments) {
        return Main.commandLine()
                .setOut(new PrintWriter(new StringWriter(), true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
    }
}
