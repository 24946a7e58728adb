package belle.export.checkpoint;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Writes pickles opcode by opcode, as {@code torch.save} does with protocol 2. */
final class PickleBytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    PickleBytes() {
        op(0x80, 2);
    }

    PickleBytes op(int... bytes) {
        for (int b : bytes) {
            out.write(b);
        }
        return this;
    }

    PickleBytes global(String module, String name) {
        out.writeBytes(("c" + module + "\n" + name + "\n").getBytes(StandardCharsets.UTF_8));
        return this;
    }

    PickleBytes text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return op('X').little(4, bytes.length).raw(bytes);
    }

    PickleBytes integer(long value) {
        return value == (int) value ? op('J').little(4, value) : op(0x8a, 8).little(8, value);
    }

    PickleBytes sizes(List<Long> sizes) {
        op('(');
        sizes.forEach(this::integer);
        return op('t');
    }

    PickleBytes storage(String storageClass, String key, long elements) {
        return op('(').text("storage")
                .global("torch", storageClass)
                .text(key)
                .text("cpu")
                .integer(elements)
                .op('t', 'Q');
    }

    /** A tensor over a storage that is new: its key, class and number of elements. */
    PickleBytes tensor(
            String storageClass, String key, long elements, long offset, List<Long> shape, List<Long> strides) {
        return global("torch._utils", "_rebuild_tensor_v2")
                .op('(')
                .storage(storageClass, key, elements)
                .integer(offset)
                .sizes(shape)
                .sizes(strides)
                .op(0x89)
                .orderedDict()
                .op('t', 'R');
    }

    PickleBytes orderedDict() {
        return global("collections", "OrderedDict").op(')', 'R');
    }

    /** The whole pickle, ended. */
    byte[] stop() {
        return op('.').out.toByteArray();
    }

    private PickleBytes little(int bytes, long value) {
        return raw(Arrays.copyOf(
                ByteBuffer.allocate(8)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(value)
                        .array(),
                bytes));
    }

    private PickleBytes raw(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }
}
