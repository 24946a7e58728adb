package belle.export.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A GGUF file's header, versions 2 and 3: metadata and where the tensors lie (gguf.md of ggml). Metadata is kept as JSON,
 * whose checks of fields then serve here, too.
 *
 * @param metadata by the file's own keys
 * @param tensors in the file's order
 */
record GgufFile(ObjectNode metadata, List<Tensor> tensors) {
    /**
     * A tensor as stored.
     *
     * @param shape outermost dimension first, which is the reverse of the file's order
     * @param offset of its first byte in the file
     */
    record Tensor(String name, GgufType type, List<Long> shape, long offset) {
        long elements() {
            return StoredTensor.elements(shape);
        }
    }

    private static final int MAGIC = 'G' | ('G' << 8) | ('U' << 16) | ('F' << 24);
    private static final int MOST_KEYS = 1 << 16;
    private static final int MOST_TENSORS = 1 << 20;
    private static final int MOST_TEXT_BYTES = 1 << 20;
    private static final int MOST_VALUES = 1 << 22;
    private static final int MOST_DIMENSIONS = 4;
    private static final int MOST_ALIGNMENT = 1 << 20;
    private static final int ARRAY = 9;

    /** Reads and checks the header of {@code file}. */
    static GgufFile read(SourceFile file) {
        return new Reader(file).read();
    }

    /** Reads the header from its beginning to its end. */
    private static final class Reader {
        private static final int WINDOW = 1 << 20;

        private final SourceFile file;
        private ByteBuffer window = ByteBuffer.allocate(0);
        private long windowEnd;
        private String field = "header";

        Reader(SourceFile file) {
            this.file = file;
        }

        GgufFile read() {
            if (take(4).getInt() != MAGIC) {
                throw refused("is no GGUF file");
            }
            int version = take(4).getInt();
            if (version != 2 && version != 3) {
                throw Refusal.of(file.path(), "version", "GGUF 2 and 3 are read, given %d", version);
            }
            int tensors = count("tensor_count", MOST_TENSORS);
            int keys = count("metadata_kv_count", MOST_KEYS);
            ObjectNode metadata = JsonNodeFactory.instance.objectNode();
            for (int i = 0; i < keys; i++) {
                field = "metadata " + i;
                String key = text();
                field = key;
                if (metadata.has(key)) {
                    throw refused("is there twice");
                }
                metadata.set(key, value(take(4).getInt()));
            }
            return new GgufFile(metadata, tensors(tensors, metadata));
        }

        private List<Tensor> tensors(int count, ObjectNode metadata) {
            List<Tensor> relative = new ArrayList<>();
            Set<String> names = new HashSet<>();
            for (int i = 0; i < count; i++) {
                field = "tensor " + i;
                Tensor tensor = tensor();
                if (!names.add(tensor.name())) {
                    throw refused("is there twice");
                }
                relative.add(tensor);
            }
            int alignment = metadata.path("general.alignment").asInt(32);
            if (alignment <= 0 || alignment > MOST_ALIGNMENT) {
                throw Refusal.of(
                        file.path(), "general.alignment", "limit 1 to %d, given %d", MOST_ALIGNMENT, alignment);
            }
            long begin = (position() + alignment - 1) / alignment * alignment;
            return relative.stream().map(tensor -> placed(tensor, begin)).toList();
        }

        private Tensor tensor() {
            String name = text();
            field = name;
            int dimensions = take(4).getInt();
            if (dimensions < 1 || dimensions > MOST_DIMENSIONS) {
                throw refused("limit 1 to " + MOST_DIMENSIONS + " dimensions, given " + dimensions);
            }
            List<Long> shape = new ArrayList<>();
            for (int i = 0; i < dimensions; i++) {
                shape.addFirst(take(8).getLong());
            }
            int id = take(4).getInt();
            GgufType type = GgufType.of(id)
                    .orElseThrow(() -> refused("is of type " + id + "; F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, "
                            + "Q4_K, Q5_K and Q6_K are read"));
            if (shape.stream().anyMatch(extent -> extent <= 0) || shape.getLast() % type.elements() != 0) {
                throw refused(
                        "has shape " + shape + ", but " + type + " has rows of whole blocks of " + type.elements());
            }
            return new Tensor(name, type, List.copyOf(shape), take(8).getLong());
        }

        private Tensor placed(Tensor tensor, long begin) {
            try {
                long bytes = Math.multiplyExact(
                        tensor.elements() / tensor.type().elements(),
                        tensor.type().bytes());
                long offset = Math.addExact(begin, tensor.offset());
                if (tensor.offset() < 0 || Math.addExact(offset, bytes) > file.bytes()) {
                    throw Refusal.of(
                            file.path(),
                            tensor.name(),
                            "ends at byte %d of a file of %d",
                            offset + bytes,
                            file.bytes());
                }
                return new Tensor(tensor.name(), tensor.type(), tensor.shape(), offset);
            } catch (ArithmeticException e) {
                throw Refusal.of(file.path(), tensor.name(), "the size of shape %s overflows", tensor.shape());
            }
        }

        private JsonNode value(int type) {
            JsonNodeFactory json = JsonNodeFactory.instance;
            return switch (type) {
                case 0 -> json.numberNode(Byte.toUnsignedInt(take(1).get()));
                case 1 -> json.numberNode(take(1).get());
                case 2 -> json.numberNode(Short.toUnsignedInt(take(2).getShort()));
                case 3 -> json.numberNode(take(2).getShort());
                case 4 -> json.numberNode(Integer.toUnsignedLong(take(4).getInt()));
                case 5 -> json.numberNode(take(4).getInt());
                case 6 -> json.numberNode(take(4).getFloat());
                case 7 -> json.booleanNode(take(1).get() != 0);
                case 8 -> json.textNode(text());
                case ARRAY -> array();
                case 10, 11 -> json.numberNode(take(8).getLong());
                case 12 -> json.numberNode(take(8).getDouble());
                default -> throw refused("has a value of type " + type + ", which is not known");
            };
        }

        private ArrayNode array() {
            int type = take(4).getInt();
            if (type == ARRAY) {
                throw refused("is a list of lists");
            }
            int count = count(field, MOST_VALUES);
            ArrayNode values = JsonNodeFactory.instance.arrayNode(Math.min(count, WINDOW));
            for (int i = 0; i < count; i++) {
                values.add(value(type));
            }
            return values;
        }

        private String text() {
            int bytes = count(field, MOST_TEXT_BYTES);
            byte[] text = new byte[bytes];
            take(bytes).get(text);
            return new String(text, StandardCharsets.UTF_8);
        }

        private int count(String name, int most) {
            long count = take(8).getLong();
            if (count < 0 || count > most) {
                throw Refusal.of(file.path(), name, "limit %d, given %s", most, Long.toUnsignedString(count));
            }
            return (int) count;
        }

        private long position() {
            return windowEnd - window.remaining();
        }

        /** Returns a view of the next {@code bytes} bytes, at most a window of them. */
        private ByteBuffer take(int bytes) {
            if (window.remaining() < bytes) {
                long from = position();
                int size = (int) Math.min(Math.max(WINDOW, bytes), file.bytes() - from);
                if (size < bytes) {
                    throw refused("is cut: the file ends at byte " + file.bytes());
                }
                window = ByteBuffer.wrap(file.read(from, size, field)).order(ByteOrder.LITTLE_ENDIAN);
                windowEnd = from + size;
            }
            ByteBuffer taken = window.slice(window.position(), bytes).order(ByteOrder.LITTLE_ENDIAN);
            window.position(window.position() + bytes);
            return taken;
        }

        private RuntimeException refused(String problem) {
            return Refusal.of(file.path(), field, "%s", problem);
        }
    }
}
