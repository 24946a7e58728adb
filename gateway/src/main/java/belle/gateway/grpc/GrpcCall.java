package belle.gateway.grpc;

import belle.gateway.work.Tenants.Tenant;
import belle.proto.trace.TraceSpan;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * One call on its way through the gateway.
 *
 * @param over completes when the call has ended: all was said, the client has gone, or its deadline has passed
 * @param beganNanos when it came, by {@link System#nanoTime}
 * @param trace of it, until it is over
 */
record GrpcCall(Tenant tenant, CompletionStage<Done> over, long beganNanos, TraceSpan trace) {
    /**
     * Answers a call. May throw {@link belle.proto.FailureException}, or fail its stage or the source with one.
     *
     * @param <Q> the request
     * @param <A> what is answered, one or more
     */
    interface Handler<Q, A> {
        CompletionStage<Source<A, NotUsed>> handle(GrpcCall call, Q request);
    }
}
