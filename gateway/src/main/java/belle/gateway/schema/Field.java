package belle.gateway.schema;

/**
 * A field of an object.
 *
 * @param required it must be there; where it is not required, {@code null} means the same as absent
 * @param about one sentence for the OpenAPI document
 */
public record Field(String name, Shape shape, boolean required, String about) {
    /** A field that must be there. */
    public static Field required(String name, Shape shape, String about) {
        return new Field(name, shape, true, about);
    }

    /** A field that may be absent or {@code null}. */
    public static Field optional(String name, Shape shape, String about) {
        return new Field(name, shape, false, about);
    }
}
