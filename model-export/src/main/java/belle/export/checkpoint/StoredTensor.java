package belle.export.checkpoint;

import belle.proto.Check;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Where a tensor lies in a file.
 *
 * @param name as the file has it
 * @param strides distance of neighbours in each dimension, in elements
 * @param offset byte of the file where the first element stands
 */
record StoredTensor(String name, DType type, List<Long> shape, List<Long> strides, SourceFile file, long offset)
        implements TensorSource {
    /** Small enough for the young generation, large enough that a read costs more than its call. */
    private static final int CHUNK_BYTES = 256 << 10;

    StoredTensor {
        shape = List.copyOf(shape);
        strides = List.copyOf(strides);
    }

    /** Strides of a row-major tensor without gaps. Throws {@link ArithmeticException} when the product overflows. */
    static List<Long> rowMajor(List<Long> shape) {
        List<Long> strides = new ArrayList<>();
        long stride = 1;
        for (long extent : shape.reversed()) {
            strides.add(stride);
            stride = Math.multiplyExact(stride, Math.max(1, extent));
        }
        return strides.reversed();
    }

    /** Number of elements. Throws {@link ArithmeticException} when it overflows. */
    static long elements(List<Long> shape) {
        long product = 1;
        for (long extent : shape) {
            product = Math.multiplyExact(product, extent);
        }
        return product;
    }

    /** Elements from the first to behind the last one, gaps included. */
    static long span(List<Long> shape, List<Long> strides) {
        long last = 0;
        for (int i = 0; i < shape.size(); i++) {
            if (shape.get(i) == 0) {
                return 0;
            }
            last = Math.addExact(last, Math.multiplyExact(shape.get(i) - 1, strides.get(i)));
        }
        return Math.addExact(last, 1);
    }

    @Override
    public TensorInfo info(String normalName) {
        return new TensorInfo(normalName, type, shape, elements(shape) * type.bytes());
    }

    @Override
    public void read(long from, float[] target, int at, int count) {
        stream(from, count, (done, chunk) -> Elements.toFloats(type, chunk, target, at + (int) done));
    }

    /** Takes the bytes of the elements behind the first {@code done} ones. */
    interface Chunks {
        void take(long done, ByteBuffer chunk);
    }

    /** Passes the stored bytes of {@code [from, from + count)} on, checked to be finite numbers, chunk by chunk. */
    void stream(long from, long count, Chunks chunks) {
        Objects.checkFromIndexSize(from, count, elements(shape));
        int size = type.bytes();
        ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(count * size, CHUNK_BYTES));
        for (long done = 0; done < count; ) {
            int elements = (int) Math.min(chunk.capacity() / size, count - done);
            chunk.clear().limit(elements * size);
            read(from + done, chunk);
            chunk.rewind();
            int broken = Elements.firstNotFinite(type, chunk);
            if (broken >= 0) {
                throw Refusal.of(
                        file.path(),
                        name,
                        "element %d of shape %s is not a finite number",
                        from + done + broken,
                        shape);
            }
            chunks.take(done, chunk);
            done += elements;
        }
    }

    /** Reads all of a tensor of weights. */
    float[] readFloats() {
        float[] values = new float[Math.toIntExact(elements(shape))];
        read(0, values, 0, values.length);
        return values;
    }

    /** Reads all of a tensor of whole numbers of 32 bits. */
    int[] readInts() {
        Check.that(type == DType.I32, "%s is read as numbers of 32 bits", type);
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(elements(shape) * Integer.BYTES));
        read(0, bytes);
        int[] values = new int[bytes.capacity() / Integer.BYTES];
        bytes.rewind().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(values);
        return values;
    }

    /** Fills {@code target} with the stored bytes of the row-major elements from {@code from} on. */
    void read(long from, ByteBuffer target) {
        if (strides.equals(rowMajor(shape))) {
            file.read(offset + from * type.bytes(), target, name);
        } else {
            gather(from, target);
        }
    }

    /** Whether both are the same bytes of the same file, so that they need no comparing. */
    boolean sameStorage(StoredTensor that) {
        return file == that.file && offset == that.offset && type == that.type && strides.equals(that.strides);
    }

    /** Transposed and sliced tensors: rare, so the file is mapped and its elements picked one by one. */
    private void gather(long from, ByteBuffer target) {
        int size = type.bytes();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment all = file.map(offset, span(shape, strides) * size, arena);
            MemorySegment to = MemorySegment.ofBuffer(target);
            long count = to.byteSize() / size;
            for (long i = 0; i < count; i++) {
                MemorySegment.copy(all, place(from + i) * size, to, i * size, size);
            }
        }
    }

    private long place(long element) {
        long rest = element;
        long place = 0;
        for (int i = shape.size() - 1; i >= 0; i--) {
            place += rest % shape.get(i) * strides.get(i);
            rest /= shape.get(i);
        }
        return place;
    }
}
