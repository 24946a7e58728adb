package belle.client;

import java.net.URI;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The proxy that the environment names: {@code https_proxy}, {@code http_proxy}, {@code no_proxy}, in either case. */
public final class Proxies {
    private Proxies() {}

    /** The proxy for {@code target}; none for this machine, and none where {@code no_proxy} has its host or domain. */
    public static Optional<URI> of(URI target, Map<String, String> environment) {
        String host = Optional.ofNullable(target.getHost()).orElse("").toLowerCase(Locale.ROOT);
        if (host.equals("localhost")
                || host.startsWith("127.")
                || host.equals("[::1]")
                || excluded(host, environment)) {
            return Optional.empty();
        }
        return variable(environment, target.getScheme() + "_proxy")
                .or(() -> variable(environment, "all_proxy"))
                .map(text -> URI.create(text.contains("://") ? text : "http://" + text));
    }

    private static boolean excluded(String host, Map<String, String> environment) {
        for (String entry : variable(environment, "no_proxy").orElse("").split(",", -1)) {
            String domain = entry.strip().toLowerCase(Locale.ROOT);
            domain = domain.startsWith(".") ? domain.substring(1) : domain;
            if (domain.equals("*") || (!domain.isEmpty() && (host.equals(domain) || host.endsWith("." + domain)))) {
                return true;
            }
        }
        return false;
    }

    private static Optional<String> variable(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name))
                .or(() -> Optional.ofNullable(environment.get(name.toUpperCase(Locale.ROOT))))
                .filter(text -> !text.isBlank());
    }
}
