package belle.gateway.api;

import belle.proto.Failure;
import belle.proto.session.StreamEvent;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Failures in OpenAI's error shape. */
public final class Errors {
    /**
     * One error answer.
     *
     * @param param the field at fault, or null
     * @param code a short word for programs, or null
     * @param retryAfterSeconds when to try again, if that may help
     */
    public record Answer(
            int status,
            String message,
            String type,
            @Nullable String param,
            @Nullable String code,
            Optional<Integer> retryAfterSeconds) {
        /** Returns {@code {"error":{message,type,param,code}}}. */
        public ObjectNode body() {
            ObjectNode body = JsonNodeFactory.instance.objectNode();
            body.putObject("error")
                    .put("message", message)
                    .put("type", type)
                    .put("param", param)
                    .put("code", code);
            return body;
        }
    }

    /** What streams are told that a gateway leaves unfinished. Their sessions keep them for whoever asks for the rest. */
    public static final Failure LEAVING = new Failure.Unavailable(
            "this gateway is shutting down; a stream goes on at any other one: ask for /v1/streams/<stream> with the"
                    + " Last-Event-ID");

    private static final int UNAVAILABLE_RETRY_SECONDS = 2;

    private Errors() {}

    /** Returns the answer that a failure gives. */
    public static Answer of(Failure failure) {
        String message = failure.message();
        return switch (failure) {
            case Failure.Invalid lost
            when lost.equals(StreamEvent.READ_ELSEWHERE) -> request(409, message, null, "read_elsewhere");
            case Failure.Invalid(String param, String _) ->
                request(400, message, param.isEmpty() ? null : param, "invalid_value");
            case Failure.TooLong _ -> request(400, message, null, "context_length_exceeded");
            case Failure.UnknownModel _ -> request(404, message, "model", "model_not_found");
            case Failure.NotFound _ -> request(404, message, null, "not_found");
            case Failure.Overloaded(String _, int seconds) ->
                new Answer(429, message, "rate_limit_error", null, "overloaded", Optional.of(Math.max(1, seconds)));
            case Failure.Unavailable _ ->
                unavailable(message, failure.equals(LEAVING) ? "go_on_elsewhere" : "unavailable");
            case Failure.Broken _, Failure.Internal _ ->
                new Answer(500, message, "server_error", null, "internal_error", Optional.empty());
        };
    }

    private static Answer unavailable(String message, String code) {
        return new Answer(503, message, "server_error", null, code, Optional.of(UNAVAILABLE_RETRY_SECONDS));
    }

    /** Returns an answer to a request that is wrong before its body is looked at. */
    public static Answer request(int status, String message, @Nullable String param, String code) {
        return new Answer(status, message, "invalid_request_error", param, code, Optional.empty());
    }

    /** Returns the answer to a missing or unknown API key. */
    public static Answer unauthorized(String message) {
        return new Answer(401, message, "authentication_error", null, "invalid_api_key", Optional.empty());
    }
}
