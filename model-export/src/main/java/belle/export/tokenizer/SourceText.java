package belle.export.tokenizer;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads the small files around a tokenizer: bounded, strict UTF-8, strict JSON. */
final class SourceText {
    /** BLOOM's tokenizer.json has 14 MB; files of more than this are damage. */
    static final long MOST_BYTES = 256L << 20;

    private static final int MOST_CHARACTERS = 300;

    /** A vocabulary's field names are all different: there is nothing to gain from keeping them for the next file. */
    static final ObjectMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                    .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .build();

    private SourceText() {}

    /** Returns the file's bytes; a missing, unreadable or too large file ends in {@link Failure.Broken}. */
    static byte[] bytes(Path file) {
        try {
            long size = Files.size(file);
            if (size > MOST_BYTES) {
                throw broken(file, "size", "has " + size + " bytes, more than " + MOST_BYTES);
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new FailureException(new Failure.Broken(file.toString(), "file", "cannot be read: " + e), e);
        }
    }

    /** Returns the text of a UTF-8 file. */
    static String text(Path file) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes(file)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new FailureException(new Failure.Broken(file.toString(), "text", "is not UTF-8"), e);
        }
    }

    /** Returns the JSON object in {@code text}, which was read from {@code file}. */
    static JsonNode object(Path file, String text) {
        try {
            JsonNode node = JSON.readTree(text);
            if (!node.isObject()) {
                throw broken(file, "json", "is not an object");
            }
            return node;
        } catch (JacksonException e) {
            var place = e.getLocation();
            String where = place == null ? "" : " (line " + place.getLineNr() + ", column " + place.getColumnNr() + ")";
            throw new FailureException(new Failure.Broken(file.toString(), "json", e.getOriginalMessage() + where), e);
        }
    }

    /** Returns the JSON object of a file, or an empty one where there is no such file. */
    static JsonNode objectOrEmpty(Path file) {
        return Files.exists(file) ? object(file, text(file)) : JSON.createObjectNode();
    }

    /** Returns the failure, to be thrown by the caller; what came out of the file is cut to one printable line. */
    static FailureException broken(Path file, String field, String problem) {
        String line = problem.length() <= MOST_CHARACTERS ? problem : problem.substring(0, MOST_CHARACTERS) + "…";
        return new FailureException(new Failure.Broken(file.toString(), field, line.replaceAll("\\p{Cntrl}", "?")));
    }
}
