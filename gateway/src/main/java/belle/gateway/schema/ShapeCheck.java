package belle.gateway.schema;

import belle.proto.Failure;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Holds a JSON value against a {@link Shape}: the first fault, named by its path, its limit and the given value. */
public final class ShapeCheck {
    private static final int SHOWN_CHARACTERS = 60;

    private ShapeCheck() {}

    /** Returns the first fault of {@code value}, or empty; {@code path} is the value's own name, "" for a whole body. */
    public static Optional<Failure.Invalid> check(Shape shape, String path, JsonNode value) {
        return switch (shape) {
            case Shape.Any _ -> Optional.empty();
            case Shape.Text text ->
                when(value.isTextual() && within(characters(value), text.least(), text.most()), shape, path, value);
            case Shape.Pattern pattern ->
                when(value.isTextual() && value.textValue().matches(pattern.regex()), shape, path, value);
            case Shape.Word word ->
                when(value.isTextual() && word.words().contains(value.textValue()), shape, path, value);
            case Shape.Whole whole -> {
                Optional<Long> number = whole(value);
                boolean fits = number.isPresent() && within(number.get(), whole.least(), whole.most());
                yield when(fits, shape, path, value);
            }
            case Shape.Decimal decimal -> {
                double number = value.isNumber() ? value.doubleValue() : Double.NaN;
                yield when(number >= decimal.least() && number <= decimal.most(), shape, path, value);
            }
            case Shape.Flag _ -> when(value.isBoolean(), shape, path, value);
            case Shape.ListOf list ->
                first(
                        when(value.isArray() && within(value.size(), list.least(), list.most()), shape, path, value),
                        IntStream.range(0, value.size())
                                .mapToObj(i -> check(list.item(), path + "[" + i + "]", item(value, i))));
            case Shape.MapOf map ->
                first(
                        when(value.isObject() && value.size() <= map.most(), shape, path, value),
                        value.properties().stream()
                                .map(entry -> checkEntry(map, path, entry.getKey(), entry.getValue())));
            case Shape.Struct struct ->
                first(
                        when(value.isObject(), shape, path, value),
                        struct.fields().stream().map(field -> checkField(field, path, value.get(field.name()))));
            case Shape.AnyOf any -> checkAny(any, path, value);
            case Shape.OrNull inner -> value.isNull() ? Optional.empty() : check(inner.shape(), path, value);
        };
    }

    /** Returns the number as a whole one if it has no fraction and fits 64 bits; never expands a huge exponent. */
    public static Optional<Long> whole(JsonNode value) {
        if (value.isIntegralNumber()) {
            return value.canConvertToLong() ? Optional.of(value.longValue()) : Optional.empty();
        }
        double number = value.isNumber() ? value.doubleValue() : Double.NaN;
        boolean exact = number == Math.rint(number) && Math.abs(number) <= 1L << 53;
        return exact ? Optional.of((long) number) : Optional.empty();
    }

    private static JsonNode item(JsonNode list, int index) {
        return list.path(index);
    }

    private static Optional<Failure.Invalid> first(
            Optional<Failure.Invalid> own, Stream<Optional<Failure.Invalid>> inner) {
        return own.isPresent() ? own : inner.flatMap(Optional::stream).findFirst();
    }

    private static Optional<Failure.Invalid> checkField(Field field, String path, @Nullable JsonNode value) {
        String name = path.isEmpty() ? field.name() : path + "." + field.name();
        if (value == null || (value.isNull() && !field.required())) {
            return field.required() ? invalid(name, name + " is required") : Optional.empty();
        }
        return check(field.shape(), name, value);
    }

    private static Optional<Failure.Invalid> checkEntry(Shape.MapOf map, String path, String key, JsonNode value) {
        if (!key.matches(map.keys().regex())) {
            return invalid(path, path + " must have keys that are " + map.keys().about() + ", but has " + quoted(key));
        }
        return check(map.value(), path + "." + key, value);
    }

    /** The fault of the alternative that the value comes closest to: the one that fails deepest inside it. */
    private static Optional<Failure.Invalid> checkAny(Shape.AnyOf any, String path, JsonNode value) {
        Optional<Failure.Invalid> closest = Optional.empty();
        for (Shape shape : any.shapes()) {
            Optional<Failure.Invalid> fault = check(shape, path, value);
            if (fault.isEmpty()) {
                return fault;
            }
            boolean deeper = fault.get().param().length()
                    > closest.map(f -> f.param().length()).orElse(path.length());
            boolean sameKind = accepts(shape, value);
            closest = deeper || (sameKind && closest.isEmpty()) ? fault : closest;
        }
        return closest.isPresent() ? closest : when(false, any, path, value);
    }

    private static boolean accepts(Shape shape, JsonNode value) {
        return (value.isTextual() && shape instanceof Shape.Text)
                || (value.isArray() && shape instanceof Shape.ListOf && value.isEmpty());
    }

    private static Optional<Failure.Invalid> when(boolean fine, Shape shape, String path, JsonNode value) {
        String name = path.isEmpty() ? "the request body" : path;
        return fine
                ? Optional.empty()
                : invalid(path, name + " must be " + describe(shape) + ", but is " + given(value));
    }

    private static Optional<Failure.Invalid> invalid(String path, String message) {
        return Optional.of(new Failure.Invalid(path, message));
    }

    private static boolean within(long value, long least, long most) {
        return value >= least && value <= most;
    }

    private static int characters(JsonNode text) {
        String value = text.textValue();
        return value.codePointCount(0, value.length());
    }

    /** Says in words what a shape accepts. */
    static String describe(Shape shape) {
        return switch (shape) {
            case Shape.Any _ -> "any value";
            case Shape.Text(int least, int most) -> "a text" + range(least, most, " characters");
            case Shape.Pattern(String _, String about) -> about;
            case Shape.Word(List<String> words) -> "one of " + String.join(", ", words);
            case Shape.Whole(long least, long most) -> "a whole number between " + least + " and " + most;
            case Shape.Decimal(double least, double most) -> "a number between " + plain(least) + " and " + plain(most);
            case Shape.Flag _ -> "true or false";
            case Shape.ListOf(Shape _, int least, int most) -> "a list" + range(least, most, " items");
            case Shape.MapOf map -> "an object with at most " + map.most() + " entries";
            case Shape.Struct _ -> "an object";
            case Shape.AnyOf(List<Shape> shapes) ->
                shapes.stream().map(ShapeCheck::describeWithItems).collect(Collectors.joining(" or "));
            case Shape.OrNull(Shape inner) -> describe(inner) + " or null";
        };
    }

    private static String describeWithItems(Shape shape) {
        return shape instanceof Shape.ListOf list
                ? describe(list) + " (each " + describeWithItems(list.item()) + ")"
                : describe(shape);
    }

    private static String range(int least, int most, String unit) {
        if (least == 0 && most == Integer.MAX_VALUE) {
            return "";
        }
        return most == Integer.MAX_VALUE ? " of at least " + least + unit : " of " + least + " to " + most + unit;
    }

    private static String plain(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }

    private static String given(JsonNode value) {
        return switch (value.getNodeType()) {
            case STRING -> {
                int characters = characters(value);
                yield quoted(value.textValue())
                        + (characters > SHOWN_CHARACTERS ? " (" + characters + " characters)" : "");
            }
            case ARRAY -> "a list of " + value.size() + " items";
            case OBJECT -> "an object with " + value.size() + " fields";
            case NUMBER, BOOLEAN, NULL, BINARY, MISSING, POJO -> shortened(value.asText());
        };
    }

    private static String quoted(String text) {
        return "'" + shortened(text) + "'";
    }

    private static String shortened(String text) {
        int[] shown = text.codePoints().limit(SHOWN_CHARACTERS).toArray();
        String start = new String(shown, 0, shown.length);
        return start.length() < text.length() ? start + "…" : start;
    }
}
