package belle.gateway.work;

import belle.gateway.api.Errors;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/** Knows who sends a request by its API key. */
public final class Tenants {
    /**
     * Whom a request is counted for.
     *
     * @param anonymous no API keys are configured
     */
    public record Tenant(String name, Quota quota, boolean anonymous) {}

    /** Who it is, or the 401. */
    public sealed interface Identity {
        record Known(Tenant tenant) implements Identity {}

        record Unknown(Errors.Answer answer) implements Identity {}
    }

    private record Entry(String keyHash, Tenant tenant) {}

    private static final String SCHEME = "bearer ";

    private final List<Entry> entries;
    private final Tenant anonymous;

    /** @param nanoClock what quotas are refilled by */
    public Tenants(TenantConfig config, LongSupplier nanoClock) {
        anonymous = new Tenant("anonymous", new Quota("anonymous", config.anonymous(), nanoClock), true);
        entries = config.keys().stream()
                .map(key -> new Entry(
                        sha256(key.key()),
                        new Tenant(key.tenant(), new Quota(key.tenant(), key.limits(), nanoClock), false)))
                .toList();
    }

    /** Returns the tenant of calls that need no key. */
    Identity anybody() {
        return new Identity.Known(anonymous);
    }

    /** Returns who sent the request with this {@code authorization} header. Takes the same time for every key. */
    Identity identify(Optional<String> authorization) {
        if (entries.isEmpty()) {
            return new Identity.Known(anonymous);
        }
        Optional<String> key = authorization
                .filter(value -> value.regionMatches(true, 0, SCHEME, 0, SCHEME.length()))
                .map(value -> value.substring(SCHEME.length()).trim());
        if (key.isEmpty()) {
            return new Identity.Unknown(
                    Errors.unauthorized("an API key is required, in the header 'Authorization: Bearer <key>'"));
        }
        byte[] hash = sha256(key.get()).getBytes(StandardCharsets.US_ASCII);
        Tenant found = null;
        for (Entry entry : entries) {
            found = MessageDigest.isEqual(entry.keyHash().getBytes(StandardCharsets.US_ASCII), hash)
                    ? entry.tenant()
                    : found;
        }
        return found == null
                ? new Identity.Unknown(Errors.unauthorized("the API key is not known here"))
                : new Identity.Known(found);
    }

    private static String sha256(String key) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
