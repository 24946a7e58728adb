package belle.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/** A reference checkpoint with what it is expected to compute. The files lie beside the repository, not in it. */
public record Fixture(Path folder) {
    /** Finds a checkpoint, or skips the test. */
    public static Fixture named(String name) {
        String shared = System.getenv("BELLE_SHARED");
        Path root = shared == null ? Path.of(System.getProperty("belle.root"), "..", "shared") : Path.of(shared);
        Path folder = root.resolve("fixtures").resolve(name).normalize();
        Assumptions.assumeTrue(Files.isDirectory(folder), "no reference checkpoint at " + folder);
        return new Fixture(folder);
    }

    /** What the checkpoint is expected to compute. */
    private Expected expected() {
        return new Expected(folder.resolve("expected"));
    }

    /** Returns the objects of a file of JSON lines; none when this checkpoint has no such file. */
    public List<JsonNode> lines(String file) throws IOException {
        return expected().lines(file);
    }

    public JsonNode object(String file) throws IOException {
        return expected().object(file);
    }

    /** Returns the expected logits by name; a matrix is its rows one behind the other. */
    public Map<String, float[]> logits() throws IOException {
        return expected().logits();
    }

    public static int[] ids(JsonNode array) {
        int[] ids = new int[array.size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = array.get(i).asInt();
        }
        return ids;
    }

    public static Optional<Integer> number(JsonNode node) {
        return node.isNull() ? Optional.empty() : Optional.of(node.asInt());
    }
}
