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
    private static final Duration LIMIT = Duration.ofSeconds(20);

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
        assertHasEnded(pid);
    }

    /** What a measurement does: it starts a server that does not get ready, and waits. */
    static final class Measuring {
        private Measuring() {}

        public static void main(String[] folder) throws Exception {
            Path pid = Path.of(folder[0], "pid");
            var command = new ProcessBuilder(
                    "bash", "-c", "echo $$ > " + pid + ".new; mv " + pid + ".new " + pid + "; exec sleep 600");
            ServerProcess.start(command, NOWHERE, Path.of(folder[0], "log"));
        }
    }

    @Test
    void oneEndsWithTheProcessThatStartedIt(@TempDir Path folder) throws Exception {
        Path pid = folder.resolve("pid");
        Process measuring = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Measuring.class.getName(),
                        folder.toString())
                .inheritIO()
                .start();
        for (long end = System.nanoTime() + LIMIT.toNanos(); !Files.exists(pid) && System.nanoTime() < end; ) {
            Thread.sleep(20);
        }
        measuring.destroy();
        assertThat(measuring.onExit()).succeedsWithin(LIMIT);
        assertHasEnded(pid);
    }

    private static void assertHasEnded(Path pid) {
        assertThat(pid).exists().satisfies(file -> {
            ProcessHandle.of(Long.parseLong(Files.readString(file).strip()))
                    .ifPresent(process -> assertThat(process.onExit()).succeedsWithin(LIMIT));
        });
    }
}
