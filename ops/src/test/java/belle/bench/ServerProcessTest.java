package belle.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import belle.proto.FailureException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerProcessTest {
    /** Nobody listens at port 1. */
    private static final URI NOWHERE = URI.create("http://127.0.0.1:1/health");

    @Test
    void oneThatDoesNotGetReadyAndDoesNotEndIsEnded(@TempDir Path folder) {
        Path pid = folder.resolve("pid");
        var command =
                new ProcessBuilder("bash", "-c", "trap '' TERM; echo $$ > " + pid + "; while true; do sleep 0.1; done");
        assertThatThrownBy(() -> ServerProcess.start(
                        command, NOWHERE, folder.resolve("log"), Duration.ofSeconds(1), Duration.ofMillis(300)))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("did not get ready");
        assertThat(pid).exists().satisfies(file -> {
            ProcessHandle.of(Long.parseLong(Files.readString(file).strip()))
                    .ifPresent(process -> assertThat(process.onExit()).succeedsWithin(Duration.ofSeconds(10)));
        });
    }
}
