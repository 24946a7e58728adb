package belle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import belle.bench.HealthCheck;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Ranks in processes of their own are killed and stopped while streams run on them: every stream ends as it would have, and another
 * model of the same node does not notice. {@code -Dbelle.rank-faults=N} for more than a few.
 */
class RankFaultsTest {
    private static final int FAULTS = Integer.getInteger("belle.rank-faults", 4);
    private static final int STREAMS = 16;
    private static final int TOKENS = 60;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path folder;

    @Test
    void streamsOutliveTheRanksThatComputeThem() throws Exception {
        Path config = Files.writeString(folder.resolve("node.conf"), """
                belle.node {
                  planted-faults.min-step = 5 ms
                  runtime { threads = 2, kv-cache-bytes = 64 MiB, rank-deadline = 5 s, rank-start-deadline = 20 s }
                }
                """);
        try (RunningMember server = RunningMember.start(
                        folder.resolve("server.log"),
                        "up",
                        "--port",
                        "0",
                        "--model",
                        TinyBundle.in(folder, "ill").toString(),
                        TinyBundle.in(folder, "well").toString(),
                        "--tensor-parallel",
                        "2",
                        "--rank-processes",
                        "--config",
                        config.toString())
                .awaitReady()) {
            URI url = URI.create(server.said("^(http://\\S+)"));
            assertThat(HealthCheck.await(url.resolve("/health/ready"), PATIENCE, () -> true))
                    .isTrue();
            var ill = new ManyStreams(url, "ill", STREAMS, TOKENS);
            var well = new ManyStreams(url, "well", STREAMS, TOKENS);
            List<String> expected = ill.all("before", _ -> {});
            Gaps before = new Gaps();
            List<String> expectedOfOther = well.all("before", before::add);
            Gaps meanwhile = new Gaps();
            Gaps disturbed = new Gaps();
            List<Long> others =
                    ranks(server, "well").stream().map(ProcessHandle::pid).toList();
            assertThat(others).hasSize(2);

            int rounds = 0;
            try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
                Future<Integer> faults = clients.submit(new Faults(server, disturbed));
                Future<Integer> ofOther = clients.submit(() -> again(well, expectedOfOther, faults, meanwhile));
                rounds = again(ill, expected, faults, disturbed);
                assertThat(faults.get()).isEqualTo(FAULTS);
                assertThat(ofOther.get()).isPositive();
            }
            assertThat(ranks(server, "well").stream().map(ProcessHandle::pid)).isEqualTo(others);
            assertThat(ranks(server, "ill")).hasSize(2);
            System.out.printf(
                    "%d faults of ranks under %d rounds of %d streams; gaps of the other model's streams: %s before, %s meanwhile%n",
                    FAULTS, rounds, STREAMS, before, meanwhile);
        }
    }

    /** Asks for all streams again and again until {@code done}, and returns how often. */
    private static int again(ManyStreams streams, List<String> expected, Future<?> done, Gaps gaps) throws Exception {
        int rounds = 0;
        while (!done.isDone()) {
            rounds++;
            assertThat(streams.all("round-" + rounds, gaps::add))
                    .as("round %d of %s", rounds, streams.model())
                    .isEqualTo(expected);
        }
        return rounds;
    }

    /** Kills and stops ranks of one model in turn, each once all streams have gone on behind the fault before. */
    private record Faults(RunningMember server, Gaps streams) implements Callable<Integer> {
        @Override
        public Integer call() throws Exception {
            Random random = new Random(11);
            for (int fault = 0; fault < FAULTS; fault++) {
                int enough = streams.size() + 2 * STREAMS;
                for (long begun = System.nanoTime(); streams.size() < enough; ) {
                    Thread.sleep(5);
                    assertThat(System.nanoTime() - begun)
                            .as("nanoseconds in which streams should go on")
                            .isLessThan(PATIENCE.toNanos());
                }
                Thread.sleep(random.nextInt(500));
                List<ProcessHandle> ranks = ranks(server, "ill");
                assertThat(ranks).hasSize(2);
                ProcessHandle victim = ranks.get(random.nextInt(2));
                new ProcessBuilder("kill", fault % 2 == 0 ? "-KILL" : "-STOP", Long.toString(victim.pid()))
                        .start()
                        .waitFor();
                victim.onExit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            }
            return FAULTS;
        }
    }

    private static List<ProcessHandle> ranks(RunningMember server, String model) {
        return server.children().stream()
                .filter(child -> child.info()
                        .commandLine()
                        .map(line -> line.contains("belle.runtime.RankMain") && line.contains("/" + model + " "))
                        .orElse(false))
                .sorted(Comparator.comparingLong(ProcessHandle::pid))
                .toList();
    }

    /** Times between the events of streams. */
    private static final class Gaps {
        private final List<Long> nanos = new ArrayList<>();

        synchronized void add(long gap) {
            nanos.add(gap);
        }

        synchronized int size() {
            return nanos.size();
        }

        @Override
        public synchronized String toString() {
            nanos.sort(Comparator.naturalOrder());
            return "%.0f ms at the median, %.0f at the 99th percentile, %.0f at most"
                    .formatted(at(0.5), at(0.99), at(1));
        }

        private double at(double share) {
            return nanos.get((int) Math.ceil(share * (nanos.size() - 1))) / 1e6;
        }
    }
}
