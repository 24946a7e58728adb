package belle.runtime;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/** A thread for each rank of a replica, on which alone it is opened and run. */
final class RankThreads implements AutoCloseable {
    private final List<ExecutorService> threads;

    RankThreads(int ranks) {
        threads = IntStream.range(0, ranks)
                .mapToObj(rank -> Executors.newSingleThreadExecutor(
                        Thread.ofPlatform().name("rank-" + rank).daemon().factory()))
                .toList();
    }

    int count() {
        return threads.size();
    }

    /**
     * Runs {@code work} for every rank at once, and returns when it has ended for all of them.
     *
     * @param failing told, on its thread, of a rank that throws, an {@link Error} too, while others may wait for it
     * @throws RuntimeException that of the rank which threw first: what others say after it tells less
     * @throws Error likewise
     */
    void run(IntConsumer work, Runnable failing) {
        Queue<Throwable> thrown = new ConcurrentLinkedQueue<>();
        CompletableFuture.allOf(IntStream.range(0, threads.size())
                        .mapToObj(rank -> CompletableFuture.runAsync(
                                () -> runOne(rank, work, failing, thrown), threads.get(rank)))
                        .toArray(CompletableFuture<?>[]::new))
                .join();
        switch (thrown.peek()) {
            case null -> {}
            case Error error -> throw error;
            case RuntimeException exception -> throw exception;
            case Throwable other -> throw new IllegalStateException(other);
        }
    }

    private static void runOne(int rank, IntConsumer work, Runnable failing, Queue<Throwable> thrown) {
        try {
            work.accept(rank);
        } catch (RuntimeException | Error e) {
            thrown.add(e);
            failing.run();
        }
    }

    @Override
    public void close() {
        threads.forEach(ExecutorService::shutdown);
    }
}
