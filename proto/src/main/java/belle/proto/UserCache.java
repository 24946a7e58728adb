package belle.proto;

import java.nio.file.Path;
import java.util.Map;

/** Where a user's rebuildable files live: extracted libraries, stamps of verified bundles. */
public final class UserCache {
    private UserCache() {}

    /**
     * Returns {@code $BELLE_CACHE}, else {@code $XDG_CACHE_HOME/belle}, else {@code ~/.cache/belle}; it may not exist
     * yet. The system property {@code belle.cache} goes before all of them.
     */
    public static Path directory() {
        String property = System.getProperty("belle.cache", "");
        return property.isEmpty() ? directory(System.getenv(), System.getProperty("user.home")) : Path.of(property);
    }

    /** {@code $HOME} goes before the account's home, which a user without an account, as in a container, has not got. */
    static Path directory(Map<String, String> environment, String accountHome) {
        String own = environment.getOrDefault("BELLE_CACHE", "");
        if (!own.isEmpty()) {
            return Path.of(own);
        }
        String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
        String home = environment.getOrDefault("HOME", "");
        Path caches = xdg.isEmpty() ? Path.of(home.isEmpty() ? accountHome : home, ".cache") : Path.of(xdg);
        return caches.resolve("belle");
    }
}
