package belle.gateway.work;

import com.typesafe.config.Config;
import java.util.List;

/**
 * Who may use the gateway and how much; explained in {@code reference.conf}.
 *
 * @param keys empty: everybody may, and {@code anonymous} is everybody's quota
 */
public record TenantConfig(Quota.Limits anonymous, List<Key> keys) {
    /** An API key, the name that its work is counted under, and its quota. */
    public record Key(String tenant, String key, Quota.Limits limits) {
        @Override
        public String toString() {
            return "Key[" + tenant + "]"; // The key itself is a secret: it must not reach a log.
        }
    }

    public TenantConfig {
        keys = List.copyOf(keys);
    }

    /** Reads {@code belle.gateway.tenants}. */
    public static TenantConfig of(Config config) {
        List<Key> keys = config.getConfigList("keys").stream()
                .map(key -> new Key(key.getString("tenant"), key.getString("key"), limits(key)))
                .toList();
        return new TenantConfig(limits(config.getConfig("anonymous")), keys);
    }

    private static Quota.Limits limits(Config config) {
        return new Quota.Limits(
                config.hasPath("requests-per-minute") ? config.getInt("requests-per-minute") : 0,
                config.hasPath("max-concurrent") ? config.getInt("max-concurrent") : 0);
    }
}
