package belle.gateway.http;

import belle.gateway.api.Errors;
import belle.proto.Failure;
import belle.proto.FailureException;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.util.ByteString;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes whole JSON answers. */
final class Answers {
    private static final Logger LOG = LoggerFactory.getLogger(Answers.class);

    private Answers() {}

    static HttpResponse json(int status, JsonNode body) {
        return HttpResponse.create()
                .withStatus(status)
                .withEntity(
                        ContentTypes.APPLICATION_JSON,
                        ByteString.fromArrayUnsafe(body.toString().getBytes(StandardCharsets.UTF_8)));
    }

    /** Returns the answer for whatever a handler threw; a surprise is logged, and the client learns no more than that. */
    static HttpResponse explained(Throwable thrown) {
        Throwable cause =
                thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
        return switch (cause) {
            case FailureException failed -> failure(failed.failure());
            case Bodies.RefusedException refused -> error(refused.answer());
            case CancellationException _ -> failure(new Failure.Unavailable("the client has gone"));
            default -> {
                LOG.error("a request failed", cause);
                yield failure(new Failure.Internal("the server failed; its log says more"));
            }
        };
    }

    static HttpResponse failure(Failure failure) {
        return error(Errors.of(failure));
    }

    static HttpResponse error(Errors.Answer error) {
        HttpResponse response = json(error.status(), error.body());
        if (error.status() == 401) {
            response = response.addHeader(RawHeader.create("WWW-Authenticate", "Bearer realm=\"belle\""));
        }
        return error.retryAfterSeconds().isEmpty()
                ? response
                : response.addHeader(RawHeader.create(
                        "Retry-After", error.retryAfterSeconds().get().toString()));
    }
}
