package belle.export.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.FormatMethod;
import com.google.errorprone.annotations.FormatString;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The fields of one JSON object, taken one by one with their types and ranges checked; {@link #refuseOthers} then
 * refuses what nobody took. A null counts as absent. A field may go by several names, which must not disagree.
 */
final class Fields {
    private final Path file;
    private final String prefix;
    private final ObjectNode json;
    private final Set<String> taken = new HashSet<>();

    /** {@code prefix} stands before the names in messages: empty, or the object's own name and a dot. */
    Fields(Path file, String prefix, ObjectNode json) {
        this.file = file;
        this.prefix = prefix;
        this.json = json;
    }

    /** Returns the value that goes by one of {@code names}. */
    Optional<JsonNode> take(String... names) {
        Optional<JsonNode> found = Optional.empty();
        for (String name : names) {
            taken.add(name);
            JsonNode value = json.path(name);
            if (value.isMissingNode() || value.isNull()) {
                continue;
            }
            if (found.isPresent() && !found.get().equals(value)) {
                throw refused(name, "%s, but %s says %s", value, names[0], found.get());
            }
            found = Optional.of(value);
        }
        return found;
    }

    /** A whole number in [min, max]. */
    Optional<Integer> integer(int min, int max, String... names) {
        return take(names).map(value -> {
            if (!value.isIntegralNumber()) {
                throw refused(names[0], "a whole number belongs here, given %s", value);
            }
            if (!value.canConvertToLong() || value.longValue() < min || value.longValue() > max) {
                throw refused(names[0], "limit %d to %d, given %s", min, max, value);
            }
            return value.intValue();
        });
    }

    /** A count in [1, max] that has to be there. */
    int count(int max, String... names) {
        return integer(1, max, names).orElseThrow(() -> refused(names[0], "is missing"));
    }

    /** A finite number in [min, max]. */
    Optional<Double> number(double min, double max, String... names) {
        return take(names).map(value -> {
            if (!value.isNumber() || !(value.doubleValue() >= min && value.doubleValue() <= max)) {
                throw refused(names[0], "a number from %s to %s belongs here, given %s", min, max, value);
            }
            return value.doubleValue();
        });
    }

    /** True or false. */
    Optional<Boolean> flag(String name) {
        return take(name).map(value -> {
            if (!value.isBoolean()) {
                throw refused(name, "true or false belongs here, given %s", value);
            }
            return value.booleanValue();
        });
    }

    Optional<String> text(String... names) {
        return take(names).map(value -> {
            if (!value.isTextual()) {
                throw refused(names[0], "a text belongs here, given %s", value);
            }
            return value.textValue();
        });
    }

    /** Token ids: one, or a list of at most {@code most}, each in [0, limit). Empty when absent. */
    List<Integer> ids(int limit, int most, String name) {
        List<Integer> ids = new ArrayList<>();
        take(name).ifPresent(value -> {
            for (JsonNode id : value.isArray() ? value : List.of(value)) {
                if (!id.isIntegralNumber() || id.longValue() < 0 || id.longValue() >= limit || ids.size() == most) {
                    throw refused(name, "at most %d ids below %d belong here, given %s", most, limit, value);
                }
                ids.add(id.intValue());
            }
        });
        return ids;
    }

    /** The fields of an object inside this one. */
    Optional<Fields> object(String... names) {
        return take(names).map(value -> {
            if (value instanceof ObjectNode object) {
                return new Fields(file, prefix + names[0] + ".", object);
            }
            throw refused(names[0], "an object belongs here, given %s", value);
        });
    }

    /** Refuses every field that was neither taken nor is in {@code harmless}, unless it says nothing. */
    void refuseOthers(Set<String> harmless) {
        for (Map.Entry<String, JsonNode> field : json.properties()) {
            JsonNode value = field.getValue();
            boolean saysNothing = value.isNull() || (value.isBoolean() && !value.booleanValue());
            if (!saysNothing && !taken.contains(field.getKey()) && !harmless.contains(field.getKey())) {
                throw refused(field.getKey(), "%s is not known and could change the mathematics", value);
            }
        }
    }

    @FormatMethod
    RuntimeException refused(String name, @FormatString String format, Object... args) {
        return Refusal.of(file, prefix + name, format, args);
    }
}
