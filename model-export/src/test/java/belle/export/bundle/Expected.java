package belle.export.bundle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.StreamSupport;

/** What another implementation computed: JSON lines, and float32 matrices in a safetensors file. */
final class Expected {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Expected() {}

    static List<JsonNode> lines(Path file) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            lines.add(JSON.readTree(line));
        }
        return lines;
    }

    static JsonNode json(Path file) throws IOException {
        return JSON.readTree(Files.readString(file));
    }

    static int[] ids(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .mapToInt(JsonNode::intValue)
                .toArray();
    }

    /** Returns every tensor as rows; a vector is one row. */
    static Map<String, float[][]> matrices(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        byte[] header = new byte[Math.toIntExact(bytes.getLong())];
        bytes.get(header);
        int data = bytes.position();
        Map<String, float[][]> matrices = new TreeMap<>();
        JSON.readTree(header).properties().forEach(each -> {
            JsonNode shape = each.getValue().path("shape");
            int rows = shape.size() == 2 ? shape.get(0).intValue() : 1;
            float[][] matrix = new float[rows][shape.get(shape.size() - 1).intValue()];
            int from = each.getValue().path("data_offsets").path(0).intValue();
            FloatBuffer values = bytes.duplicate()
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .position(data + from)
                    .asFloatBuffer();
            for (float[] row : matrix) {
                values.get(row);
            }
            matrices.put(each.getKey(), matrix);
        });
        return matrices;
    }

    /** Returns the largest absolute difference; NaN if there is one. */
    static double difference(float[][] a, float[][] b) {
        double largest = 0;
        for (int row = 0; row < a.length; row++) {
            for (int column = 0; column < a[row].length; column++) {
                largest = Math.max(largest, Math.abs((double) a[row][column] - b[row][column]));
            }
        }
        return largest;
    }
}
