package belle.gateway.http;

import org.apache.pekko.stream.BoundedSourceQueue;

/** The answers of an HTTP/1.1 connection on their way out, which ends behind the last one that is due. */
final class Http1Answers<A> {
    private final BoundedSourceQueue<A> queue;

    /** The two below are guarded by this. */
    private int asked;

    private boolean closing;

    Http1Answers(BoundedSourceQueue<A> queue) {
        this.queue = queue;
    }

    /** A request has come in. */
    synchronized void asked() {
        asked++;
    }

    /** The request's answer; its body may have hardly begun. */
    synchronized void answered(A response) {
        queue.offer(response);
        asked--;
        closeIfNothingIsDue();
    }

    /** Closes the connection behind the answers that are due. */
    synchronized void close() {
        closing = true;
        closeIfNothingIsDue();
    }

    private void closeIfNothingIsDue() {
        if (closing && asked == 0) {
            try {
                queue.complete();
            } catch (IllegalStateException e) {
                // Complete before: closed twice, or by the client.
            }
        }
    }
}
