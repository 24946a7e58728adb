package belle.dataset;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/**
 * A file of items, as a JSON array or as JSON lines, in UTF-8 and perhaps gzip ({@code .gz}). One item is in memory at a time. A field twice in one
 * object, text behind the array, and bytes that are no UTF-8 are errors.
 */
public final class ItemFile {
    private static final ObjectMapper JSON = new ObjectMapper(JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build());
    /** Bytes of one line. */
    private static final int MAX_LINE_BYTES = 64 << 20;
    /** Where the first character must be. */
    private static final int FIRST_BYTES = 1024;

    private ItemFile() {}

    /** Hears an item, its number from 1, and the line on which it begins. */
    public interface Items {
        void item(JsonNode item, long number, long line) throws IOException;
    }

    /** How items are put into a file. */
    public enum Layout {
        ARRAY,
        LINES
    }

    /**
     * Reads all items.
     *
     * @return the file's layout; an empty file has lines
     * @throws FailureException that names the line where the file is broken
     */
    public static Layout read(Path file, Items items) throws IOException {
        try (InputStream in = open(file)) {
            Layout layout = layout(in);
            switch (layout) {
                case ARRAY -> readArray(file, in, items);
                case LINES -> readLines(file, in, items);
            }
            return layout;
        }
    }

    /** The layout of a file, by its first character. */
    static Layout layout(Path file) throws IOException {
        try (InputStream in = open(file)) {
            return layout(in);
        }
    }

    private static Layout layout(InputStream in) throws IOException {
        in.mark(FIRST_BYTES);
        int first = firstCharacter(in);
        in.reset();
        return first == '[' ? Layout.ARRAY : Layout.LINES;
    }

    private static InputStream open(Path file) throws IOException {
        InputStream bytes = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
        return file.toString().endsWith(".gz") ? new BufferedInputStream(new GZIPInputStream(bytes), 1 << 16) : bytes;
    }

    /** The first byte that is neither white space nor of a byte order mark. */
    private static int firstCharacter(InputStream in) throws IOException {
        for (int i = 0; i < FIRST_BYTES; i++) {
            int next = in.read();
            if (next != ' ' && next != '\n' && next != '\r' && next != '\t' && next < 0x80) {
                return next;
            }
        }
        return -1;
    }

    private static void readArray(Path file, InputStream in, Items items) throws IOException {
        long number = 0;
        try (JsonParser parser = JSON.createParser(in)) {
            parser.nextToken();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                if (parser.currentToken() == null) {
                    throw broken(file, parser.currentLocation().getLineNr(), "the array has no end");
                }
                long line = parser.currentTokenLocation().getLineNr();
                items.item(JSON.readTree(parser), ++number, line);
            }
            if (parser.nextToken() != null) {
                throw broken(file, parser.currentTokenLocation().getLineNr(), "there is more behind the array");
            }
        } catch (JsonProcessingException e) {
            throw broken(file, e.getLocation() == null ? 1 : e.getLocation().getLineNr(), e.getOriginalMessage());
        }
    }

    private static void readLines(Path file, InputStream in, Items items) throws IOException {
        var line = new ByteArrayOutputStream();
        long number = 0;
        long lineNumber = 1;
        for (int next = in.read(); ; next = in.read()) {
            if (next >= 0 && next != '\n') {
                line.write(next);
                if (line.size() > MAX_LINE_BYTES) {
                    throw broken(file, lineNumber, "longer than " + MAX_LINE_BYTES + " bytes");
                }
                continue;
            }
            byte[] bytes = line.toByteArray();
            if (!isBlank(bytes)) {
                items.item(parse(file, bytes, lineNumber), ++number, lineNumber);
            }
            line.reset();
            lineNumber++;
            if (next < 0) {
                return;
            }
        }
    }

    private static JsonNode parse(Path file, byte[] line, long number) throws IOException {
        try (JsonParser parser = JSON.createParser(line)) {
            JsonNode item = JSON.readTree(parser);
            if (item == null || parser.nextToken() != null) {
                throw broken(file, number, "there is more than one value on it");
            }
            return item;
        } catch (JsonProcessingException e) {
            throw broken(file, number, e.getOriginalMessage());
        }
    }

    private static boolean isBlank(byte[] bytes) {
        for (byte b : bytes) {
            if (b != ' ' && b != '\t' && b != '\r') {
                return false;
            }
        }
        return true;
    }

    static FailureException broken(Path file, long line, String problem) {
        return new FailureException(new Failure.Broken(file.toString(), "line " + line, problem));
    }
}
