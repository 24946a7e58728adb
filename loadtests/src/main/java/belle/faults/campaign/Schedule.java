package belle.faults.campaign;

import belle.faults.cluster.Member;
import belle.faults.cluster.TestCluster;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Lets faults overlap as far as the promises reach: at most two nodes of three, or one and the journal, are disturbed at once,
 * so that three of five members decide; and a gateway only while all else is well, for a stream is known to its session and to its reader, and one
 * of the two must live.
 */
final class Schedule implements AutoCloseable {
    private static final int NODES_AT_ONCE = 2;
    private static final String JOURNAL = "journal";
    private static final Duration WHOLE = Duration.ofMinutes(2);
    /** Streams that moved are known to both sides again. */
    private static final long SETTLE_MILLIS = 500;

    private static final long POLL_MILLIS = 50;

    private final TestCluster cluster;
    private final Disturber disturber;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    /** What is disturbed, and by what: the names of members, {@link #JOURNAL}. */
    private final Map<String, Future<?>> disturbed = new LinkedHashMap<>();

    Schedule(TestCluster cluster, Disturber disturber) {
        this.cluster = cluster;
        this.disturber = disturber;
    }

    /**
     * Waits until a fault is allowed, and begins it; returns at once unless it must be alone.
     *
     * @param random for the fault's own decisions
     * @throws IOException when an earlier one could not be made good
     */
    void inflict(Faults.Drawn drawn, Random random) throws IOException, InterruptedException {
        List<String> names = drawn.kind().hitsJournal()
                ? List.of(JOURNAL)
                : drawn.members().stream().map(Member::name).toList();
        if (drawn.alone()) {
            awaitAll();
            awaitWhole();
            Thread.sleep(SETTLE_MILLIS);
        } else {
            reap();
            while (isTooMuch(names)) {
                Thread.sleep(POLL_MILLIS);
                reap();
            }
        }
        Future<?> fault = threads.submit(() -> {
            disturber.inflict(drawn, random);
            return null;
        });
        names.forEach(name -> disturbed.put(name, fault));
        if (drawn.alone()) {
            awaitAll();
        }
    }

    private boolean isTooMuch(List<String> names) {
        return names.stream().anyMatch(disturbed::containsKey) || disturbed.size() >= NODES_AT_ONCE;
    }

    /** Waits until all faults are made good. */
    void awaitAll() throws IOException, InterruptedException {
        for (Future<?> fault : disturbed.values()) {
            await(fault);
        }
        disturbed.clear();
    }

    private void reap() throws IOException, InterruptedException {
        for (var disturbance : Map.copyOf(disturbed).entrySet()) {
            if (disturbance.getValue().isDone()) {
                await(disturbance.getValue());
                disturbed.remove(disturbance.getKey());
            }
        }
    }

    private void awaitWhole() throws IOException, InterruptedException {
        if (!cluster.awaitWhole(WHOLE)) {
            throw new IOException("the cluster is not whole again after " + WHOLE.toSeconds() + " s");
        }
    }

    private static void await(Future<?> fault) throws IOException, InterruptedException {
        try {
            fault.get();
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
