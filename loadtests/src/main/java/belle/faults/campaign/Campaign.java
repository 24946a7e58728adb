package belle.faults.campaign;

import belle.faults.client.Client.Gateway;
import belle.faults.client.Crowd;
import belle.faults.client.Recorder;
import belle.faults.cluster.JournalStore;
import belle.faults.cluster.Launcher;
import belle.faults.cluster.Member;
import belle.faults.cluster.Network;
import belle.faults.cluster.TestCluster;
import belle.faults.cluster.Undisturbed;
import belle.faults.history.Entry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Two gateways and three nodes under load, faults in an order that a seed draws, and the report. */
public final class Campaign {
    private static final int PROCESSES = 5;
    private static final long LOOK_MILLIS = 50;
    private static final Duration START = Duration.ofMinutes(2);
    private static final Duration FINISH = Duration.ofSeconds(150);
    /** Longer than a reader's grace and a tick of the metrics. */
    private static final Duration SILENCE = Duration.ofSeconds(5);

    private static final int REQUESTS = 60;
    private static final int TOKENS = 60;
    private static final int LEAST_BETWEEN_MILLIS = 300;
    private static final int SPREAD_BETWEEN_MILLIS = 1500;

    private final Plan plan;
    private final Launcher launcher;
    private final Optional<Launcher> before;
    private final Consumer<String> progress;
    private final Random random;

    /**
     * @param before starts each process for the first time, {@code launcher} when it is started again
     * @param progress told in a line what happens
     */
    public Campaign(Plan plan, Launcher launcher, Optional<Launcher> before, Consumer<String> progress) {
        this.before = before;
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
        progress.accept("seed " + plan.seed() + ", logs and history in " + plan.folder());
        try (var recorder = new Recorder(file);
                var crowd = crowd(recorder);
                var cluster = cluster();
                var _ = AtExit.run(() -> closeQuietly(cluster))) {
            progress.accept("starting 2 gateways and 3 nodes");
            cluster.start(START);
            List<Gateway> gateways = cluster.gateways().stream()
                    .map(member -> new Gateway(member.name(), member.url()))
                    .toList();
            crowd.start(plan.clients(), gateways, random);
            var disturber = new Disturber(cluster, recorder);
            boolean finished;
            boolean whole;
            try (var supervisors = Executors.newScheduledThreadPool(PROCESSES)) {
                for (Member member : cluster.members()) {
                    var _ = supervisors.scheduleWithFixedDelay(
                            () -> supervise(disturber, member), LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
                }
                try {
                    disturb(cluster, disturber, crowd);
                    finished = crowd.finish(FINISH);
                    whole = cluster.awaitWhole(START);
                } finally {
                    supervisors.shutdownNow();
                }
            }
            progress.accept(finished ? "all clients are done" : "some clients are not done");
            count(cluster, recorder);
            return Report.of(plan.seed(), recorder.history(), whole && finished);
        }
    }

    private Crowd crowd(Recorder recorder) throws IOException, InterruptedException {
        progress.accept("asking an undisturbed server for the answers to " + REQUESTS + " requests");
        try (var server =
                        Undisturbed.start(launcher, plan.bundle(), plan.folder().resolve("undisturbed.log"));
                var _ = AtExit.run(server::close)) {
            return new Crowd(server.awaitUrl(), plan.model(), REQUESTS, TOKENS, random, recorder);
        }
    }

    private TestCluster cluster() throws IOException, InterruptedException {
        // Steps take so long that streams live through faults, and the processors are left to the processes themselves.
        String settings = """
                belle.node.models = ["%s"]
                belle.node.runtime { threads = 1, kv-cache-bytes = 128 MiB }
                belle.node.planted-faults.min-step = 30 ms
                belle.node.replica.step-deadline = 3 s
                belle.node.leave-after-stall = 1 s
                belle.node.session.retention = 300 s
                belle.gateway.http { keep-alive = 1 s, metrics-tick = 1 s }
                """.formatted(plan.bundle());
        boolean clocks = plan.kinds().isEmpty() || plan.kinds().contains(FaultKind.JUMP.id());
        Network network = plan.journal() == JournalStore.Kind.H2
                ? Network.shared(PROCESSES)
                : Network.forProcesses(PROCESSES, progress);
        JournalStore store = journal(network);
        var cluster = new TestCluster(launcher, before, network, store, plan.folder(), settings, plan.flags(), clocks);
        if (clocks && !cluster.canSetClocks()) {
            progress.accept("no process has a clock of its own here (libfaketime); the other faults go on without");
        }
        return cluster;
    }

    private JournalStore journal(Network network) throws IOException, InterruptedException {
        try {
            return JournalStore.open(plan.journal(), plan.folder(), network, progress);
        } catch (IOException | InterruptedException | RuntimeException e) {
            network.close();
            throw e;
        }
    }

    private void supervise(Disturber disturber, Member member) {
        try {
            disturber.supervise(member);
        } catch (IOException e) {
            progress.accept(String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void disturb(TestCluster cluster, Disturber disturber, Crowd crowd)
            throws IOException, InterruptedException {
        var faults = new Faults(plan.kinds(), cluster, random);
        long start = System.nanoTime();
        int done = 0;
        try (var schedule = new Schedule(cluster, disturber)) {
            while ((done < plan.faults() || crowd.streams() < plan.streams())
                    && System.nanoTime() - start < plan.limit().toNanos()) {
                Faults.Drawn drawn = faults.draw();
                var own = new Random(random.nextLong());
                done++;
                progress.accept(String.format(
                        Locale.ROOT,
                        "%4.0f s, fault %d: %s %s, %d streams",
                        (System.nanoTime() - start) / 1e9,
                        done,
                        drawn.kind().id(),
                        drawn.target(),
                        crowd.streams()));
                schedule.inflict(drawn, own);
                Thread.sleep(LEAST_BETWEEN_MILLIS + own.nextInt(SPREAD_BETWEEN_MILLIS));
            }
            schedule.awaitAll();
        }
    }

    /** Notes what is still held when nobody asks for anything any more. */
    private static void count(TestCluster cluster, Recorder recorder) throws IOException, InterruptedException {
        Thread.sleep(SILENCE);
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
