package belle.node;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;

/** Counts the sessions that live on a node, those whose shard has left included. Thread-safe. */
final class Residents {
    private int number;
    private CompletableFuture<Done> empty = CompletableFuture.completedFuture(Done.done());

    synchronized void enter() {
        if (number++ == 0) {
            empty = new CompletableFuture<>();
        }
    }

    void leave() {
        CompletableFuture<Done> nobody;
        synchronized (this) {
            if (--number > 0) {
                return;
            }
            nobody = empty;
        }
        nobody.complete(Done.done());
    }

    /** Completes when there are none. */
    synchronized CompletionStage<Done> allLeft() {
        return empty;
    }
}
