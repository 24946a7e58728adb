package belle.gateway.http;

import belle.gateway.api.Errors;
import belle.gateway.api.RefusedException;
import belle.gateway.schema.StrictJson;
import belle.gateway.work.Faults;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.scaladsl.model.EntityStreamSizeException;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.util.ByteString;

/** Reads request bodies: JSON only, whole, within a size and a time. */
final class Bodies {
    /** An unread body is read and dropped up to this many times the limit, so that the client sees the answer. */
    private static final int DRAINED_TIMES = 16;

    private final HttpConfig config;
    private final ActorSystem<?> system;

    Bodies(HttpConfig config, ActorSystem<?> system) {
        this.config = config;
        this.system = system;
    }

    /** Returns the body's JSON, or fails with {@link RefusedException} or {@link belle.proto.FailureException}. */
    CompletionStage<JsonNode> json(HttpRequest request) {
        HttpEntity entity = request.entity();
        String type = entity.getContentType().mediaType().toString();
        if (!type.equalsIgnoreCase("application/json")) {
            return refused(
                    415,
                    "the Content-Type must be application/json, but is "
                            + (type.equals("none/none") ? "missing" : type));
        }
        if (request.getHeader("Content-Encoding")
                .filter(h -> !h.value().equals("identity"))
                .isPresent()) {
            return refused(415, "a Content-Encoding is not understood here: send the body as it is");
        }
        long announced = entity.getContentLengthOption().orElse(0);
        if (announced > config.maxRequestBytes()) {
            return refused(413, tooLarge() + ", but has " + announced);
        }
        return whole(entity, config.maxRequestBytes()).thenApply(bytes -> StrictJson.parse(bytes.asByteBuffer()));
    }

    /**
     * Returns a body of at most {@code limit} bytes, or fails with {@link RefusedException}. One that is larger is read on and
     * dropped: in HTTP/2 to stop reading resets the stream, and the client may see that before the answer.
     */
    CompletionStage<ByteString> whole(HttpEntity entity, int limit) {
        return entity.withSizeLimit((long) limit * DRAINED_TIMES)
                .getDataBytes()
                .completionTimeout(config.bodyTimeout())
                .runFold(
                        ByteString.emptyByteString(),
                        (all, more) -> all.size() > limit ? all : all.concat(more),
                        system)
                .exceptionallyCompose(this::unreadable)
                .thenCompose(
                        all -> all.size() > limit ? refused(413, tooLarge()) : CompletableFuture.completedFuture(all));
    }

    /**
     * Reads and drops what is left of a body that an error answers, unless that is too much or the client waits to be told to
     * send it. Never fails.
     */
    CompletionStage<Done> drain(HttpRequest request) {
        long limit = (long) config.maxRequestBytes() * DRAINED_TIMES;
        HttpEntity entity = request.entity();
        boolean awaited = request.getHeader("Expect").isEmpty()
                && entity.getContentLengthOption().orElse(0) <= limit;
        if (entity.isStrict() || !awaited) {
            return CompletableFuture.completedFuture(Done.getInstance());
        }
        return entity.withSizeLimit(limit)
                .getDataBytes()
                .completionTimeout(config.bodyTimeout())
                .runWith(Sink.ignore(), system)
                .exceptionally(_ -> Done.getInstance());
    }

    private CompletionStage<ByteString> unreadable(Throwable thrown) {
        return switch (Faults.cause(thrown)) {
            case EntityStreamSizeException _ -> refused(413, tooLarge());
            case TimeoutException _ ->
                refused(
                        408,
                        "the request body did not arrive within "
                                + config.bodyTimeout().toSeconds() + " s");
            default -> refused(400, "the request body could not be read");
        };
    }

    private String tooLarge() {
        return "the request body may have at most " + config.maxRequestBytes() + " bytes";
    }

    private static <T> CompletionStage<T> refused(int status, String message) {
        String code = switch (status) {
            case 413 -> "request_too_large";
            case 415 -> "unsupported_media_type";
            case 408 -> "request_timeout";
            default -> "invalid_body";
        };
        return CompletableFuture.failedFuture(new RefusedException(Errors.request(status, message, null, code)));
    }
}
