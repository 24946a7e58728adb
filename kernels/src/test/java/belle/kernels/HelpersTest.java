package belle.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtException;
import belle.kernels.bench.SingleOp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The threads that share an operator's work, while other processes want their processors. */
class HelpersTest {
    /** Helpers are interrupted in the middle of their work, and lent the caller's processor meanwhile. */
    @Test
    void helpersThatLoseTheirProcessorAreWaitedForAndGoBack() throws OrtException, IOException, InterruptedException {
        var random = new Random(7);
        var product = MatMulCase.random(random, false, 256, new int[] {4096}, new int[] {0, 256});
        float[] x = Ops.random(random, 128 * product.inputs());
        Set<String> before = processors();
        Process busy = new ProcessBuilder("bash", "-c", "while :; do :; done").start();
        try (SingleOp op = product.open(2)) {
            float[] expected = product.run(op, x);
            for (int times = 0; times < 400; times++) {
                assertThat(Ops.difference(expected, product.run(op, x))).isEmpty();
            }
            assertThat(busy.isAlive()).isTrue();
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (!processors().equals(before) && System.nanoTime() < end) {
                Thread.sleep(10); // one that goes back waits for its processor, too
            }
            assertThat(processors()).isEqualTo(before);
        } finally {
            busy.destroy();
        }
    }

    /** What the threads of this process are allowed to run on. */
    private static Set<String> processors() throws IOException {
        Set<String> allowed = new TreeSet<>();
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            for (Path task : tasks.toList()) {
                Files.readAllLines(task.resolve("status")).stream()
                        .filter(line -> line.startsWith("Cpus_allowed_list"))
                        .forEach(allowed::add);
            }
        }
        return allowed;
    }
}
