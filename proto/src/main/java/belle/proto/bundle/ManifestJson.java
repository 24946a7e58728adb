package belle.proto.bundle;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The manifest as JSON: strict reading (every field once, none unknown, none converted), stable writing. */
public final class ManifestJson {
    /** Most bytes of a manifest; a 200-layer model needs about a tenth of it. */
    static final long LIMIT_BYTES = 16L << 20;

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .addModule(new Jdk8Module())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build();

    private ManifestJson() {}

    /** Returns the manifest as UTF-8 JSON, maps ordered by key. */
    public static byte[] write(Manifest manifest) {
        try {
            return (MAPPER.writeValueAsString(manifest) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (JacksonException e) {
            throw new IllegalStateException("a manifest is always writable", e);
        }
    }

    /** Parses a manifest, of this format version only; throws {@link FailureException} naming the field. */
    public static Manifest read(byte[] json) {
        refuseOtherVersions(json);
        try {
            return MAPPER.readValue(json, Manifest.class);
        } catch (JsonMappingException e) {
            throw broken(path(e), problem(e), e);
        } catch (IOException e) {
            throw broken("json", firstLine(e), e);
        }
    }

    /** Another version may differ in every other field, so it is looked at first. */
    private static void refuseOtherVersions(byte[] json) {
        int version;
        try {
            var tree = MAPPER.readTree(json);
            if (!tree.path("formatVersion").isInt()) {
                throw broken("formatVersion", "is missing or no number: this is not a bundle's manifest", null);
            }
            version = tree.path("formatVersion").intValue();
        } catch (IOException e) {
            throw broken("json", firstLine(e), e);
        }
        if (version != Manifest.FORMAT_VERSION) {
            throw broken(
                    "formatVersion",
                    "is " + version + ", but this release reads version " + Manifest.FORMAT_VERSION
                            + ": export the checkpoint again",
                    null);
        }
    }

    /** Says in our words what the parser says of its own classes. */
    private static String problem(JsonMappingException e) {
        String message = e.getOriginalMessage();
        if (e instanceof UnrecognizedPropertyException) {
            return "is no field of a manifest";
        }
        return message.startsWith("Missing creator") ? "is missing" : message;
    }

    private static String path(JsonMappingException e) {
        StringBuilder path = new StringBuilder();
        for (var step : e.getPath()) {
            path.append(path.isEmpty() ? "" : ".")
                    .append(step.getFieldName() == null ? "[" + step.getIndex() + "]" : step.getFieldName());
        }
        return path.isEmpty() ? "json" : path.toString();
    }

    private static String firstLine(IOException e) {
        String message =
                e instanceof JacksonException json ? json.getOriginalMessage() : String.valueOf(e.getMessage());
        String where = "";
        if (e instanceof JacksonException json && json.getLocation() != null) {
            where = " (line " + json.getLocation().getLineNr() + ")";
        }
        return message.lines().findFirst().orElse("unreadable") + where;
    }

    private static FailureException broken(String field, String problem, @Nullable Throwable cause) {
        var failure = new Failure.Broken(
                Manifest.FILE, field, problem.lines().findFirst().orElse("unreadable"));
        return cause == null ? new FailureException(failure) : new FailureException(failure, cause);
    }
}
