package belle.gateway.grpc;

import belle.gateway.api.Errors;
import io.grpc.Status;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.grpc.Trailers;
import org.apache.pekko.grpc.javadsl.MetadataBuilder;

/** Error answers as gRPC knows them: a status, and in the trailers what the body of HTTP's answer says. */
final class Statuses {
    static final String CODE = "belle-error-code";
    static final String TYPE = "belle-error-type";
    static final String PARAM = "belle-error-param";
    static final String RETRY_AFTER = "retry-after";

    /** Clients with a retry policy wait this long (gRFC A6). */
    static final String PUSHBACK = "grpc-retry-pushback-ms";

    private Statuses() {}

    /** Returns how a call ends that HTTP would answer like this. */
    static Trailers of(Errors.Answer answer) {
        var metadata = new MetadataBuilder().addText(TYPE, answer.type());
        if (answer.code() != null) {
            metadata.addText(CODE, answer.code());
        }
        if (answer.param() != null) {
            metadata.addText(PARAM, answer.param());
        }
        answer.retryAfterSeconds().ifPresent(seconds -> {
            metadata.addText(RETRY_AFTER, seconds.toString());
            metadata.addText(PUSHBACK, Long.toString(TimeUnit.SECONDS.toMillis(seconds)));
        });
        return new Trailers(code(answer.status()).toStatus().withDescription(answer.message()), metadata.build());
    }

    /** The one table from HTTP's status codes to those of gRPC. */
    static Status.Code code(int httpStatus) {
        return switch (httpStatus) {
            case 400 -> Status.Code.INVALID_ARGUMENT;
            case 401 -> Status.Code.UNAUTHENTICATED;
            case 404 -> Status.Code.NOT_FOUND;
            case 408, 504 -> Status.Code.DEADLINE_EXCEEDED;
            case 409 -> Status.Code.ABORTED;
            case 413, 429 -> Status.Code.RESOURCE_EXHAUSTED;
            case 415, 501 -> Status.Code.UNIMPLEMENTED;
            case 503 -> Status.Code.UNAVAILABLE;
            default -> Status.Code.INTERNAL;
        };
    }
}
