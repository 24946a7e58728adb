package belle.text;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import belle.proto.Tokens;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The reference fixtures beside the repository; a test that needs them is skipped where they are not. */
public final class Fixtures {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Fixtures() {}

    public static Path path(String name) {
        String shared = System.getenv("BELLE_SHARED");
        Path root = shared != null ? Path.of(shared) : Path.of(System.getProperty("belle.root"), "..", "shared");
        Path path = root.resolve("fixtures").resolve(name);
        assumeTrue(Files.exists(path), "skipped: no reference fixture " + path);
        return path;
    }

    public static List<JsonNode> lines(String name) {
        try (var lines = Files.lines(path(name))) {
            return lines.map(Fixtures::parse).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static Tokens tokens(JsonNode ids) {
        int[] values = new int[ids.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = ids.get(i).intValue();
        }
        return Tokens.of(values);
    }

    private static JsonNode parse(String line) {
        try {
            return JSON.readTree(line);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
