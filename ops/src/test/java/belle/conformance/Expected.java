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
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a checkpoint is expected to compute: a folder of files. */
record Expected(Path folder) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Returns the objects of a file of JSON lines; none when there is no such file. */
    List<JsonNode> lines(String file) throws IOException {
        Path path = folder.resolve(file);
        List<JsonNode> objects = new ArrayList<>();
        if (Files.exists(path)) {
            for (String line : Files.readAllLines(path)) {
                objects.add(JSON.readTree(line));
            }
        }
        return objects;
    }

    JsonNode object(String file) throws IOException {
        return JSON.readTree(folder.resolve(file).toFile());
    }

    /** Returns the expected logits by name; a matrix is its rows one behind the other. */
    Map<String, float[]> logits() throws IOException {
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(folder.resolve("logits.safetensors")))
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
}
