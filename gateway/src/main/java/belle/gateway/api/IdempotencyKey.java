package belle.gateway.api;

import belle.proto.Failure;
import belle.proto.FailureException;

/**
 * A client's name for one request ({@code Idempotency-Key}): the same key and request, sent again to any gateway, are
 * given the same answer. As long as the session keeps the answer it is not computed twice; afterwards it is, from the same
 * seed, which gives the same tokens.
 *
 * @param hash 32 hexadecimal digits of caller and key
 */
public record IdempotencyKey(String hash) {
    /** The request's header. */
    public static final String HEADER = "Idempotency-Key";

    /** Allowed keys: up to 255 printable ASCII characters. */
    public static final String REGEX = "[\\x21-\\x7e]{1,255}";

    /**
     * The key of a tenant's request.
     *
     * @throws FailureException when it is empty, too long or not printable
     */
    public static IdempotencyKey of(String tenant, String key) {
        if (!key.matches(REGEX)) {
            throw new FailureException(new Failure.Invalid(
                    HEADER, HEADER + " must be 1 to 255 printable ASCII characters, but has " + key.length()));
        }
        return new IdempotencyKey(SessionNames.hash(tenant + "\0" + key));
    }

    /** Returns the seed of a request that names none. */
    public long seed() {
        return Long.parseUnsignedLong(hash.substring(0, 16), 16);
    }
}
