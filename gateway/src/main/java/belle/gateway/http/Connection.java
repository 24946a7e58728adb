package belle.gateway.http;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.Done;
import org.apache.pekko.stream.KillSwitch;

/** A client's connection. */
final class Connection {
    /** Ends a connection in the way of its protocol. */
    interface Ending {
        /** Takes no more requests, and closes the connection when all is sent that is due, or when the time is over. */
        void begin(Duration time);
    }

    private final CompletableFuture<Ending> ending;
    private final KillSwitch wire;
    private final CompletableFuture<Done> gone;

    /**
     * @param ending known when the first bytes have told the protocol
     * @param wire what comes from the client
     * @param gone completes when it is closed
     */
    Connection(CompletionStage<Ending> ending, KillSwitch wire, CompletableFuture<Done> gone) {
        this.ending = ending.toCompletableFuture();
        this.wire = wire;
        this.gone = gone;
    }

    /** Completes when the client has hung up, or when the kernel has the last byte and the connection is closed. */
    CompletionStage<Done> gone() {
        return gone;
    }

    /** Closes it behind the answers that are due; at once when nothing was ever asked. */
    void close(Duration time) {
        if (ending.isDone() && !ending.isCompletedExceptionally()) {
            ending.join().begin(time);
        } else {
            breakOff();
        }
    }

    /** Breaks it off, in the middle of what it is sending. */
    void breakOff() {
        wire.abort(new TimeoutException("the server broke the connection off"));
    }
}
