package belle.export.checkpoint;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Builds safetensors files, sound ones and, with a header of the caller's, broken ones. */
final class SafetensorsBytes {
    private SafetensorsBytes() {}

    static byte[] of(DType type, Map<String, List<Long>> shapes, Map<String, byte[]> data) {
        ObjectNode header = JsonNodeFactory.instance.objectNode();
        header.putObject("__metadata__").put("format", "pt");
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        data.forEach((name, bytes) -> {
            header.set(name, entry(type.name(), shapes.getOrDefault(name, List.of()), all.size(), bytes.length));
            all.writeBytes(bytes);
        });
        return of(header.toString(), all.toByteArray());
    }

    static byte[] of(String header, byte[] data) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(Long.BYTES + json.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .put(data)
                .array();
    }

    static ObjectNode entry(String type, List<Long> shape, long begin, long bytes) {
        ObjectNode entry = JsonNodeFactory.instance.objectNode();
        entry.put("dtype", type);
        ArrayNode dims = entry.putArray("shape");
        shape.forEach(dims::add);
        entry.putArray("data_offsets").add(begin).add(begin + bytes);
        return entry;
    }
}
