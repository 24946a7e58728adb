package belle.export.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The safetensors format: 8 bytes of little-endian header length, a JSON header that gives every tensor's type, shape
 * and place, then the data without gaps or overlaps (<a href="https://github.com/huggingface/safetensors">format</a>).
 */
final class Safetensors {
    private static final int LENGTH_BYTES = 8;
    private static final int MOST_HEADER_BYTES = 16 << 20;
    private static final int MOST_DIMENSIONS = 8;
    private static final Set<String> ENTRY_FIELDS = Set.of("dtype", "shape", "data_offsets");

    private Safetensors() {}

    /** A header entry and its place behind the header, in bytes. */
    private record Entry(StoredTensor tensor, long begin, long end) {}

    /** Reads and checks the header of {@code file}. */
    static List<StoredTensor> read(SourceFile file) {
        long headerBytes = ByteBuffer.wrap(file.read(0, LENGTH_BYTES, "header length"))
                .order(ByteOrder.LITTLE_ENDIAN)
                .getLong();
        if (headerBytes < 2 || headerBytes > Math.min(MOST_HEADER_BYTES, file.bytes() - LENGTH_BYTES)) {
            throw Refusal.of(
                    file.path(),
                    "header length",
                    "given %s bytes; the file has %d and the limit is %d",
                    Long.toUnsignedString(headerBytes),
                    file.bytes(),
                    MOST_HEADER_BYTES);
        }
        ObjectNode header = Json.object(file.path(), "header", file.read(LENGTH_BYTES, (int) headerBytes, "header"));
        List<Entry> entries = new ArrayList<>();
        for (Map.Entry<String, JsonNode> field : header.properties()) {
            if (!field.getKey().equals("__metadata__")) {
                entries.add(entry(file, LENGTH_BYTES + headerBytes, field.getKey(), field.getValue()));
            }
        }
        checkTiling(file, file.bytes() - LENGTH_BYTES - headerBytes, entries);
        return entries.stream().map(Entry::tensor).toList();
    }

    private static Entry entry(SourceFile file, long dataAt, String name, JsonNode node) {
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            if (!ENTRY_FIELDS.contains(field.getKey())) {
                throw Refusal.of(file.path(), name, "unknown field '%s'", field.getKey());
            }
        }
        DType type = type(file, name, node.path("dtype"));
        List<Long> shape = longs(file, name, "shape", node.path("shape"));
        List<Long> offsets = longs(file, name, "data_offsets", node.path("data_offsets"));
        if (shape.size() > MOST_DIMENSIONS) {
            throw Refusal.of(file.path(), name, "limit %d dimensions, given %d", MOST_DIMENSIONS, shape.size());
        }
        if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
            throw Refusal.of(file.path(), name, "data_offsets are a beginning and an end, given %s", offsets);
        }
        long begin = offsets.get(0);
        long end = offsets.get(1);
        if (end > file.bytes() - dataAt) {
            throw Refusal.of(
                    file.path(), name, "ends at byte %d of %d bytes of data: cut file?", end, file.bytes() - dataAt);
        }
        long needed = bytes(file, name, type, shape);
        if (end - begin != needed) {
            throw Refusal.of(
                    file.path(), name, "%s %s takes %d bytes, data_offsets give %d", type, shape, needed, end - begin);
        }
        StoredTensor tensor = new StoredTensor(name, type, shape, StoredTensor.rowMajor(shape), file, dataAt + begin);
        return new Entry(tensor, begin, end);
    }

    private static DType type(SourceFile file, String name, JsonNode node) {
        for (DType type : DType.values()) {
            if (type.name().equals(node.asText())) {
                return type;
            }
        }
        throw Refusal.of(file.path(), name, "unknown dtype %s", node.isMissingNode() ? "(none)" : node);
    }

    private static List<Long> longs(SourceFile file, String name, String field, JsonNode node) {
        List<Long> values = new ArrayList<>();
        for (JsonNode value : node) {
            if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
                throw Refusal.of(file.path(), name, "%s has %s where a size belongs", field, value);
            }
            values.add(value.longValue());
        }
        if (!node.isArray()) {
            throw Refusal.of(file.path(), name, "%s is not a list", field);
        }
        return values;
    }

    private static long bytes(SourceFile file, String name, DType type, List<Long> shape) {
        try {
            return Math.multiplyExact(StoredTensor.elements(shape), type.bytes());
        } catch (ArithmeticException e) {
            throw Refusal.of(file.path(), name, "the size of shape %s overflows", shape);
        }
    }

    /** The tensors must cover the data exactly: no byte belongs to two of them or to none. */
    private static void checkTiling(SourceFile file, long dataBytes, List<Entry> entries) {
        entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        long covered = 0;
        for (Entry entry : entries) {
            if (entry.begin() != covered) {
                throw Refusal.of(
                        file.path(),
                        entry.tensor().name(),
                        entry.begin() < covered
                                ? "begins at byte %d, but the tensor before it ends at %d: they overlap"
                                : "begins at byte %d, but the tensor before it ends at %d: a gap",
                        entry.begin(),
                        covered);
            }
            covered = entry.end();
        }
        if (covered != dataBytes) {
            throw Refusal.of(file.path(), "data", "%d bytes are there, the tensors take %d", dataBytes, covered);
        }
    }
}
