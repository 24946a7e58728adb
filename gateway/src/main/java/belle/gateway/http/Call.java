package belle.gateway.http;

import belle.gateway.work.Tenants.Tenant;
import belle.proto.trace.TraceSpan;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.http.javadsl.model.AttributeKey;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * One request on its way through the gateway.
 *
 * @param rest what the path has where the endpoint's template ends in a parameter, decoded; else ""
 * @param clientGone completes when the client's connection closes
 * @param trace of it, until its work is over
 */
record Call(HttpRequest request, String rest, Tenant tenant, CompletionStage<Done> clientGone, TraceSpan trace) {
    /** Put on a response whose work goes on after its head was sent. */
    static final AttributeKey<Running> RUNNING = AttributeKey.create("running", Running.class);

    /** When a call's work is over. */
    record Running(CompletionStage<Done> ended) {}

    /** Answers a call. May throw {@link belle.proto.FailureException}, or fail its stage with one. */
    interface Handler {
        CompletionStage<HttpResponse> handle(Call call);
    }
}
