package belle.faults.campaign;

import belle.faults.client.Client.Gateway;
import belle.faults.client.Crowd;
import belle.faults.client.Recorder;
import belle.faults.cluster.Launcher;
import belle.faults.cluster.Member;
import belle.faults.cluster.Network;
import belle.faults.cluster.TestCluster;
import belle.faults.history.Entry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Two gateways and three nodes under load, faults in an order that a seed draws, and the report.
 *
 * <p>At most two nodes are disturbed at once, and a gateway only while all else is well: a stream is known to its session
 * and to its reader, and one of the two must live.
 */
public final class Campaign {
    private static final Duration START = Duration.ofMinutes(2);
    private static final Duration FINISH = Duration.ofSeconds(150);
    private static final int NODES_AT_ONCE = 2;
    private static final int REQUESTS = 60;
    private static final int TOKENS = 160;

    private final Plan plan;
    private final Launcher launcher;
    private final Consumer<String> progress;
    private final Random random;

    /** @param progress told in a line what happens */
    public Campaign(Plan plan, Launcher launcher, Consumer<String> progress) {
        this.plan = plan;
        this.launcher = launcher;
        this.progress = progress;
        this.random = new Random(plan.seed());
    }

    /**
     * Runs to the end.
     *
     * @throws IOException when the processes cannot be started, or one cannot be brought back
     */
    public Report run() throws IOException, InterruptedException {
        Files.createDirectories(plan.folder());
        Path file = plan.folder().resolve("history.jsonl");
        try (var recorder = new Recorder(file);
                var crowd = crowd(recorder);
                var cluster = cluster()) {
            var killed = new Thread(() -> closeQuietly(cluster), "end-of-campaign");
            Runtime.getRuntime().addShutdownHook(killed);
            progress.accept("starting 2 gateways and 3 nodes, logs in " + plan.folder());
            cluster.start(START);
            List<Gateway> gateways = cluster.gateways().stream()
                    .map(member -> new Gateway(member.name(), member.url()))
                    .toList();
            crowd.start(plan.clients(), gateways, random);
            var disturber = new Disturber(cluster, recorder);
            boolean finished;
            boolean whole;
            try (var supervisor = Executors.newSingleThreadScheduledExecutor()) {
                var _ = supervisor.scheduleWithFixedDelay(() -> supervise(disturber), 1, 1, TimeUnit.SECONDS);
                disturb(cluster, disturber, crowd);
                finished = crowd.finish(FINISH);
                whole = cluster.awaitWhole(START);
                supervisor.shutdownNow();
            }
            progress.accept(finished ? "all clients are done" : "some clients are not done");
            count(cluster, recorder);
            Runtime.getRuntime().removeShutdownHook(killed);
            return Report.of(plan, recorder.history(), whole);
        }
    }

    private Crowd crowd(Recorder recorder) throws IOException, InterruptedException {
        progress.accept("asking an undisturbed server for the answers to " + REQUESTS + " requests");
        ProcessBuilder command =
                launcher.belle(List.of("up", "--model", plan.bundle().toString(), "--port", "0"));
        Process process = command.redirectError(
                        plan.folder().resolve("undisturbed.log").toFile())
                .start();
        try {
            String line = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))
                    .readLine();
            if (line == null) {
                throw new IOException("the undisturbed server did not start; see undisturbed.log in " + plan.folder());
            }
            URI url = URI.create(line.substring(0, line.indexOf(' ')));
            return new Crowd(url, plan.model(), REQUESTS, TOKENS, random, recorder);
        } finally {
            process.destroy();
            process.waitFor();
        }
    }

    private TestCluster cluster() throws IOException {
        // Steps take so long that streams live through faults, and the processors are left to the processes themselves.
        String settings = """
                belle.node.models = ["%s"]
                belle.node.runtime { threads = 1, kv-cache-bytes = 128 MiB }
                belle.node.planted-faults.min-step = 15 ms
                belle.node.replica.step-deadline = 3 s
                belle.node.leave-after-stall = 1 s
                belle.node.session.retention = 300 s
                belle.gateway.http { keep-alive = 1 s, metrics-tick = 1 s }
                """.formatted(plan.bundle());
        return new TestCluster(launcher, Network.forProcesses(5), plan.folder(), settings, plan.flags());
    }

    private void supervise(Disturber disturber) {
        try {
            disturber.supervise();
        } catch (IOException e) {
            progress.accept(String.valueOf(e.getMessage()));
        }
    }

    private void disturb(TestCluster cluster, Disturber disturber, Crowd crowd)
            throws IOException, InterruptedException {
        var faults = new Faults(plan.kinds(), cluster, random);
        long end = System.nanoTime() + plan.limit().toNanos();
        int done = 0;
        List<Future<?>> running = new ArrayList<>();
        Set<Member> disturbed = new HashSet<>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            while ((done < plan.faults() || crowd.begun() < plan.requests()) && System.nanoTime() < end) {
                Faults.Drawn drawn = faults.draw();
                if (drawn.member().isGateway() || drawn.alone()) {
                    await(running);
                    running.clear();
                    disturbed.clear();
                    if (!cluster.awaitWhole(START)) {
                        throw new IOException("the cluster is not whole again; see " + plan.folder());
                    }
                    Thread.sleep(500); // Streams that moved are known to both sides again.
                }
                if (disturbed.contains(drawn.member()) || disturbed.size() >= NODES_AT_ONCE) {
                    await(running);
                    running.clear();
                    disturbed.clear();
                }
                disturbed.add(drawn.member());
                done++;
                progress.accept("fault " + done + ": " + drawn.kind() + " "
                        + drawn.member().name() + ", " + crowd.begun() + " requests");
                Random own = new Random(random.nextLong());
                Future<?> fault = threads.submit(() -> {
                    disturber.inflict(drawn.kind(), drawn.member(), own);
                    return null;
                });
                running.add(fault);
                if (drawn.member().isGateway()) {
                    await(running);
                } else {
                    Thread.sleep(500 + random.nextInt(2500));
                }
            }
            await(running);
        }
    }

    private static void await(List<Future<?>> faults) throws IOException, InterruptedException {
        for (Future<?> fault : faults) {
            try {
                fault.get();
            } catch (ExecutionException e) {
                throw new IOException("a fault could not be made good: " + e.getCause(), e);
            }
        }
    }

    /** Notes what is still held when nobody asks for anything any more. */
    private static void count(TestCluster cluster, Recorder recorder) throws IOException, InterruptedException {
        Thread.sleep(5000); // Longer than a reader's grace and a tick of the metrics.
        cluster.leftovers().forEach((what, number) -> {
            int space = what.indexOf(' ');
            recorder.add(at -> new Entry.Counted(at, what.substring(0, space), what.substring(space + 1), number));
        });
    }

    private static void closeQuietly(TestCluster cluster) {
        try {
            cluster.close();
        } catch (IOException e) {
            System.getLogger(Campaign.class.getName()).log(System.Logger.Level.WARNING, "not all was cleaned up", e);
        }
    }
}
