package belle.export.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;

/** Strict JSON objects: a key that is there twice, or anything behind the object, is refused. */
final class Json {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private Json() {}

    /** Parses {@code text} (UTF-8), which stands in {@code file} under the name {@code field}. */
    static ObjectNode object(Path file, String field, byte[] text) {
        JsonNode node;
        try {
            node = MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            throw Refusal.of(file, field, "not valid JSON: %s", e.getOriginalMessage());
        } catch (IOException e) {
            throw Refusal.of(file, field, "not valid JSON: %s", e);
        }
        if (node instanceof ObjectNode object) {
            return object;
        }
        throw Refusal.of(file, field, "not a JSON object");
    }
}
