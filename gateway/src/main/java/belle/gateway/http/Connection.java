package belle.gateway.http;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.Done;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.KillSwitch;

/** A client's connection: it learns that the client has hung up, and can be closed without cutting an answer off. */
final class Connection {
    private final BoundedSourceQueue<HttpResponse> answers;
    private final KillSwitch wire;
    private final CompletableFuture<Done> gone = new CompletableFuture<>();

    /** The two below are guarded by this. */
    private int asked;

    private boolean closing;

    Connection(BoundedSourceQueue<HttpResponse> answers, KillSwitch wire) {
        this.answers = answers;
        this.wire = wire;
    }

    /** Completes when the client has hung up, or when the kernel has the last byte and the connection is closed. */
    CompletionStage<Done> gone() {
        return gone;
    }

    /** A request has come in. */
    synchronized void asked() {
        asked++;
    }

    /** The request's answer; its body may have hardly begun. */
    synchronized void answered(HttpResponse response) {
        answers.offer(response);
        asked--;
        closeIfNothingIsDue();
    }

    /** Closes the connection behind the answers that are due. */
    synchronized void close() {
        closing = true;
        closeIfNothingIsDue();
    }

    /** Breaks it off, in the middle of what it is sending. */
    void breakOff() {
        wire.abort(new TimeoutException("the server broke the connection off"));
    }

    /** The connection is closed, or at least the client's side of it. */
    void hungUp() {
        gone.complete(Done.getInstance());
        close();
    }

    private void closeIfNothingIsDue() {
        if (closing && asked == 0) {
            try {
                answers.complete();
            } catch (IllegalStateException e) {
                // Complete before: closed twice, or by the client.
            }
        }
    }
}
