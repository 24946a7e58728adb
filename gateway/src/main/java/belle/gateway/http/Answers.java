package belle.gateway.http;

import belle.gateway.api.Errors;
import belle.gateway.work.Faults;
import belle.proto.Failure;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.util.ByteString;

/** Makes whole JSON answers. */
final class Answers {
    private Answers() {}

    static HttpResponse json(int status, JsonNode body) {
        return HttpResponse.create()
                .withStatus(status)
                .withEntity(
                        ContentTypes.APPLICATION_JSON,
                        ByteString.fromArrayUnsafe(body.toString().getBytes(StandardCharsets.UTF_8)));
    }

    /** Returns the answer for whatever a handler threw. */
    static HttpResponse explained(Throwable thrown) {
        return error(Faults.answer(thrown));
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
