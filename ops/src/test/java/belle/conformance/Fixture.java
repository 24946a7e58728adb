package belle.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/** A reference checkpoint with what it is expected to compute. The files lie beside the repository, not in it. */
public record Fixture(Path folder) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Finds a checkpoint, or skips the test. */
    public static Fixture named(String name) {
        String shared = System.getenv("BELLE_SHARED");
        Path root = shared == null ? Path.of(System.getProperty("belle.root"), "..", "shared") : Path.of(shared);
        Path folder = root.resolve("fixtures").resolve(name).normalize();
        Assumptions.assumeTrue(Files.isDirectory(folder), "no reference checkpoint at " + folder);
        return new Fixture(folder);
    }

    /** Returns the objects of a file of JSON lines; none when this checkpoint has no such file. */
    public List<JsonNode> lines(String file) throws IOException {
        Path path = folder.resolve("expected").resolve(file);
        List<JsonNode> objects = new ArrayList<>();
        if (Files.exists(path)) {
            for (String line : Files.readAllLines(path)) {
                objects.add(JSON.readTree(line));
            }
        }
        return objects;
    }

    public JsonNode object(String file) throws IOException {
        return JSON.readTree(folder.resolve("expected").resolve(file).toFile());
    }

    /** Returns the expected logits by name; a matrix is its rows one behind the other. */
    public Map<String, float[]> logits() throws IOException {
        ByteBuffer file = ByteBuffer.wrap(
                        Files.readAllBytes(folder.resolve("expected").resolve("logits.safetensors")))
                .order(ByteOrder.LITTLE_ENDIAN);
        byte[] header = new byte[Math.toIntExact(file.getLong())];
        file.get(header);
        int data = file.position();
        Map<String, float[]> tensors = new TreeMap<>();
        for (var entry : JSON.readTree(header).properties()) {
            @Nullable JsonNode offsets = entry.getValue().get("data_offsets");
            if (offsets != null) {
                int from = offsets.get(0).asInt();
                float[] values = new float[(offsets.get(1).asInt() - from) / Float.BYTES];
                file.slice(data + from, values.length * Float.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .asFloatBuffer()
                        .get(values);
                tensors.put(entry.getKey(), values);
            }
        }
        return tensors;
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
