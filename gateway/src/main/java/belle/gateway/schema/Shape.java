package belle.gateway.schema;

import java.util.List;

/**
 * What a JSON value may be. One description serves twice: {@link ShapeCheck} refuses values with it and
 * {@link SchemaWriter} documents it, so that the two never disagree.
 */
public sealed interface Shape {
    /** Any JSON value. */
    record Any() implements Shape {}

    /** A string of {@code least} to {@code most} Unicode characters. */
    record Text(int least, int most) implements Shape {}

    /** A string that matches a regular expression, whole. {@code about} says what it is in words. */
    record Pattern(String regex, String about) implements Shape {}

    /** One of some strings. */
    record Word(List<String> words) implements Shape {
        public Word {
            words = List.copyOf(words);
        }
    }

    /** A number without a fraction; {@code 5.0} is one. */
    record Whole(long least, long most) implements Shape {}

    /** A finite number. */
    record Decimal(double least, double most) implements Shape {}

    /** {@code true} or {@code false}. */
    record Flag() implements Shape {}

    /** A list whose items have one shape. */
    record ListOf(Shape item, int least, int most) implements Shape {}

    /** An object whose keys match {@code keys} and whose values have one shape. */
    record MapOf(Pattern keys, Shape value, int most) implements Shape {}

    /** An object with known fields; others are ignored. {@code name} is its name in the OpenAPI document. */
    record Struct(String name, List<Field> fields) implements Shape {
        public Struct {
            fields = List.copyOf(fields);
        }
    }

    /** Whatever one of the shapes accepts. */
    record AnyOf(List<Shape> shapes) implements Shape {
        public AnyOf {
            shapes = List.copyOf(shapes);
        }

        static AnyOf of(Shape... shapes) {
            return new AnyOf(List.of(shapes));
        }
    }

    /** {@code null}, or the shape. */
    record OrNull(Shape shape) implements Shape {}

    /** A string of any length. */
    static Shape text() {
        return new Text(0, Integer.MAX_VALUE);
    }

    /** A list of any length. */
    static Shape list(Shape item) {
        return new ListOf(item, 0, Integer.MAX_VALUE);
    }

    /** Whatever one of the shapes accepts. */
    static Shape anyOf(Shape... shapes) {
        return AnyOf.of(shapes);
    }

    /** One of some strings. */
    static Shape word(String... words) {
        return new Word(List.of(words));
    }

    /** An object with known fields. */
    static Struct struct(String name, Field... fields) {
        return new Struct(name, List.of(fields));
    }
}
