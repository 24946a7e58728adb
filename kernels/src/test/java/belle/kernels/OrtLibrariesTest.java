package belle.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OrtLibrariesTest {
    @TempDir
    private Path cache;

    @Test
    void writesBothLibrariesOnce() throws IOException {
        Path folder = OrtLibraries.kept(cache);
        Path library = folder.resolve("libonnxruntime.so");
        var written = Files.getLastModifiedTime(library);
        assertThat(folder.resolve("libonnxruntime4j_jni.so")).isNotEmptyFile();
        assertThat(library).isNotEmptyFile();
        assertThat(OrtLibraries.kept(cache)).isEqualTo(folder);
        assertThat(Files.getLastModifiedTime(library)).isEqualTo(written);
        try (var files = Files.list(folder)) {
            assertThat(files).hasSize(2);
        }
    }

    @Test
    void writesAgainWhatWasCutShort() throws IOException {
        Path library = OrtLibraries.kept(cache).resolve("libonnxruntime4j_jni.so");
        long bytes = Files.size(library);
        Files.write(library, new byte[10]);
        OrtLibraries.kept(cache);
        assertThat(library).hasSize(bytes);
    }
}
