package belle.gateway.http;

import belle.gateway.work.Admission.Access;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.pekko.http.javadsl.model.HttpMethod;

/**
 * A method on a path.
 *
 * @param template the path; it may end in one parameter, <code>{name}</code>, which takes all the rest
 * @param access who may call it
 */
record Endpoint(HttpMethod method, String template, Access access, Call.Handler handler) {
    /** Returns the parameter's value, "" where the template has none, or empty if the path is another one. */
    Optional<String> match(String path) {
        int parameter = template.indexOf('{');
        if (parameter < 0) {
            return path.equals(template) ? Optional.of("") : Optional.empty();
        }
        boolean matches = path.startsWith(template.substring(0, parameter)) && path.length() > parameter;
        return matches ? Optional.of(decoded(path.substring(parameter))) : Optional.empty();
    }

    private static String decoded(String part) {
        return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8); // In a path a plus is a plus.
    }
}
