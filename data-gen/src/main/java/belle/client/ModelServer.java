package belle.client;

import belle.proto.Failure;
import belle.proto.FailureException;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/**
 * Where a server is and how to speak to it.
 *
 * @param base without a path, {@code /v1} is meant
 * @param key sent as a bearer token; never printed
 * @param proxy its host and port, for all requests
 * @param timeout of one request, to the last byte of its answer
 */
public record ModelServer(URI base, Optional<String> key, Optional<URI> proxy, Duration timeout) {
    public ModelServer {
        check("--base-url", base);
        proxy.ifPresent(uri -> check("--proxy", uri));
    }

    private static void check(String flag, URI uri) {
        String scheme = uri.getScheme();
        if (uri.getHost() == null || scheme == null || !(scheme.equals("http") || scheme.equals("https"))) {
            throw new FailureException(new Failure.Invalid(
                    flag, flag + " must be http://host:port or https://host:port, not '" + uri + "'"));
        }
    }

    URI address(Api api) {
        String path = base.getPath() == null ? "" : base.getPath();
        while (path.endsWith("/")) {
            path = path.substring(0, path.length() - 1);
        }
        return base.resolve((path.isEmpty() ? "/v1" : path) + api.path());
    }

    @Override
    public String toString() {
        return base.toString();
    }
}
