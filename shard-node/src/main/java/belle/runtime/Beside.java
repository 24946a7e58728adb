package belle.runtime;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** A piece of work on a thread of its own, beside the caller's. */
final class Beside<T> {
    private final CompletableFuture<T> work;

    private Beside(CompletableFuture<T> work) {
        this.work = work;
    }

    /** Begins {@code work} on a thread called {@code name}. */
    static <T> Beside<T> run(String name, Supplier<T> work) {
        return new Beside<>(CompletableFuture.supplyAsync(
                work, command -> Thread.ofPlatform().daemon().name(name).start(command)));
    }

    /** Waits for the result; what the work threw is thrown here. */
    T result() {
        try {
            return work.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw e;
        }
    }

    /** Gives the result to {@code cleanup} when there is one, now or later: nobody else wants it any more. */
    void discard(Consumer<T> cleanup) {
        var _ = work.thenAccept(cleanup);
    }
}
