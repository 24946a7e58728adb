package belle.gateway.schema;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Reads JSON as RFC 8259 has it and no wider: whole UTF-8, no duplicate keys, no NaN, no lone surrogates, nothing
 * behind the value, bounded nesting and number length.
 */
public final class StrictJson {
    private static final int MAX_NESTING = 64;
    private static final int MAX_NUMBER_CHARACTERS = 400;
    private static final ObjectMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_NESTING)
                            .maxNumberLength(MAX_NUMBER_CHARACTERS)
                            .maxStringLength(Integer.MAX_VALUE)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private StrictJson() {}

    /** Returns the value, or throws a {@link FailureException} that says what is wrong and where. */
    public static JsonNode parse(ByteBuffer utf8) {
        JsonNode value;
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(utf8).toString();
            value = MAPPER.readTree(text);
        } catch (CharacterCodingException e) {
            throw new FailureException(invalid("the request body is not valid UTF-8"), e);
        } catch (JsonProcessingException e) {
            throw new FailureException(invalid("the request body is not valid JSON: " + reason(e)), e);
        }
        if (value.isMissingNode()) {
            throw new FailureException(invalid("the request body is empty, but must be a JSON object"));
        }
        refuseLoneSurrogates(value);
        return value;
    }

    private static String reason(JsonProcessingException e) {
        var place = e.getLocation();
        String line = e.getOriginalMessage().lines().findFirst().orElse("unreadable");
        String reason = line.length() > 160 ? line.substring(0, 160) + "…" : line;
        return place == null
                ? reason
                : reason + " (line " + place.getLineNr() + ", column " + place.getColumnNr() + ")";
    }

    private static void refuseLoneSurrogates(JsonNode value) {
        if (value.isTextual()) {
            refuseLoneSurrogates(value.textValue());
        }
        for (var entry : value.properties()) {
            refuseLoneSurrogates(entry.getKey());
            refuseLoneSurrogates(entry.getValue());
        }
        if (value.isArray()) {
            value.forEach(StrictJson::refuseLoneSurrogates);
        }
    }

    private static void refuseLoneSurrogates(String text) {
        // A lone surrogate is the one thing that a Java string can hold and UTF-8 cannot.
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new FailureException(
                    invalid("the request body has half a surrogate pair (\\ud800 to \\udfff) in a text"));
        }
    }

    private static Failure invalid(String message) {
        return new Failure.Invalid("", message);
    }
}
