package belle.gateway.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/** Lets pages of configured other origins call the gateway (Fetch standard, section 3.3). */
final class Cors {
    private static final String EXPOSED = "X-Session-Id, X-Request-Id, X-Seed, Retry-After";
    private static final String MAX_AGE_SECONDS = "600";

    private final List<String> origins;

    /** @param origins allowed ones; "*" stands for all */
    Cors(List<String> origins) {
        this.origins = origins;
    }

    /** Adds what the browser needs to see, if the request's origin is allowed; {@code methods} as in Allow. */
    HttpResponse decorate(HttpRequest request, HttpResponse response, String methods) {
        Optional<String> origin = request.getHeader("Origin").map(HttpHeader::value);
        if (origins.isEmpty() || origin.isEmpty()) {
            return response;
        }
        boolean all = origins.contains("*");
        List<HttpHeader> headers = new ArrayList<>();
        headers.add(RawHeader.create("Vary", "Origin"));
        if (all || origins.contains(origin.get())) {
            headers.add(RawHeader.create("Access-Control-Allow-Origin", all ? "*" : origin.get()));
            headers.add(RawHeader.create("Access-Control-Expose-Headers", EXPOSED));
            request.getHeader("Access-Control-Request-Method").ifPresent(_ -> {
                headers.add(RawHeader.create("Access-Control-Allow-Methods", methods));
                headers.add(RawHeader.create(
                        "Access-Control-Allow-Headers",
                        request.getHeader("Access-Control-Request-Headers")
                                .map(HttpHeader::value)
                                .orElse("Authorization, Content-Type, Last-Event-ID, X-Session-Id")));
                headers.add(RawHeader.create("Access-Control-Max-Age", MAX_AGE_SECONDS));
            });
        }
        return response.addHeaders(headers);
    }
}
