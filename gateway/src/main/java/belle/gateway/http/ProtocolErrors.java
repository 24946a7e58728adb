package belle.gateway.http;

import belle.gateway.api.Errors;
import org.apache.pekko.event.LoggingAdapter;
import org.apache.pekko.http.ParsingErrorHandler;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.scaladsl.model.ErrorInfo;
import org.apache.pekko.http.scaladsl.model.StatusCode;
import org.apache.pekko.http.scaladsl.settings.ServerSettings;

/** Answers what is not even HTTP (bad request lines, headers too long, unknown methods) in the same JSON shape. */
public final class ProtocolErrors extends ParsingErrorHandler {
    /** Pekko looks the handler up as a Scala object, which is a class with this field. */
    public static final ProtocolErrors MODULE$ = new ProtocolErrors();

    private ProtocolErrors() {}

    @Override
    public HttpResponse handle(StatusCode status, ErrorInfo info, LoggingAdapter log, ServerSettings settings) {
        log.debug("malformed request: {}", info.formatPretty());
        return switch (status.intValue()) {
            // Methods that no path here has: unknown ones, and TRACE with a body.
            case 501, 422 ->
                Answers.error(Errors.request(405, info.summary(), null, "method_not_allowed"))
                        .addHeader(RawHeader.create("Allow", "GET, HEAD, POST, OPTIONS"));
            default -> Answers.error(Errors.request(status.intValue(), info.summary(), null, "malformed_request"));
        };
    }
}
