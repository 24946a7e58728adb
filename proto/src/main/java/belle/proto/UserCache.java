package belle.proto;

import java.nio.file.Path;

/** Where a user's rebuildable files live: extracted libraries, stamps of verified bundles. */
public final class UserCache {
    private UserCache() {}

    /**
     * Returns {@code $BELLE_CACHE}, else {@code $XDG_CACHE_HOME/belle}, else {@code ~/.cache/belle}; it may not exist
     * yet. The system property {@code belle.cache} goes before all of them.
     */
    public static Path directory() {
        String property = System.getProperty("belle.cache", "");
        if (!property.isEmpty()) {
            return Path.of(property);
        }
        String own = System.getenv().getOrDefault("BELLE_CACHE", "");
        if (!own.isEmpty()) {
            return Path.of(own);
        }
        String xdg = System.getenv().getOrDefault("XDG_CACHE_HOME", "");
        Path caches = xdg.isEmpty() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(xdg);
        return caches.resolve("belle");
    }
}
