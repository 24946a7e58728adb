package belle.export.checkpoint;

import belle.proto.Check;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A checkpoint in a folder: streams its tensors in chunks and refuses values that are not finite. */
final class FolderCheckpoint implements Checkpoint {
    /** Small enough for the young generation, large enough that a read costs more than its call. */
    private static final int CHUNK_BYTES = 256 << 10;

    private final Path dir;
    private final ModelConfig config;
    private final GenerationConfig generation;
    private final WeightFolder weights;
    private final Map<String, StoredTensor> stored;
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

    /** Takes {@code weights} over and closes it. {@code stored} is by normal name, in the order of the tables. */
    FolderCheckpoint(
            Path dir,
            ModelConfig config,
            GenerationConfig generation,
            WeightFolder weights,
            Map<String, StoredTensor> stored) {
        this.dir = dir;
        this.config = config;
        this.generation = generation;
        this.weights = weights;
        this.stored = stored;
        stored.forEach((name, tensor) -> tensors.put(name, tensor.info(name)));
    }

    @Override
    public Path dir() {
        return dir;
    }

    @Override
    public ModelConfig config() {
        return config;
    }

    @Override
    public GenerationConfig generation() {
        return generation;
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public List<Path> weightFiles() {
        return weights.paths();
    }

    @Override
    public void read(String name, long from, float[] target, int at, int count) {
        Objects.checkFromIndexSize(at, count, target.length);
        StoredTensor tensor = tensor(name);
        stream(tensor, from, count, (done, chunk) -> Elements.toFloats(tensor.type(), chunk, target, at + (int) done));
    }

    @Override
    public void readRaw(String name, long from, MemorySegment target) {
        StoredTensor tensor = tensor(name);
        int size = tensor.type().bytes();
        Check.that(target.byteSize() % size == 0, "%d bytes are no whole elements", target.byteSize());
        stream(
                tensor,
                from,
                target.byteSize() / size,
                (done, chunk) ->
                        MemorySegment.copy(MemorySegment.ofBuffer(chunk), 0, target, done * size, chunk.remaining()));
    }

    @Override
    public void close() {
        weights.close();
    }

    /** Takes the bytes of the elements behind the first {@code done} ones. */
    interface Chunks {
        void take(long done, ByteBuffer chunk);
    }

    /** Passes the stored bytes of {@code [from, from + count)} on, checked, chunk by chunk. */
    static void stream(StoredTensor tensor, long from, long count, Chunks chunks) {
        Objects.checkFromIndexSize(from, count, StoredTensor.elements(tensor.shape()));
        int size = tensor.type().bytes();
        ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(count * size, CHUNK_BYTES));
        for (long done = 0; done < count; ) {
            int elements = (int) Math.min(chunk.capacity() / size, count - done);
            chunk.clear().limit(elements * size);
            tensor.read(from + done, chunk);
            chunk.rewind();
            int broken = Elements.firstNotFinite(tensor.type(), chunk);
            if (broken >= 0) {
                throw Refusal.of(
                        tensor.file().path(),
                        tensor.name(),
                        "element %d of shape %s is not a finite number",
                        from + done + broken,
                        tensor.shape());
            }
            chunks.take(done, chunk);
            done += elements;
        }
    }

    private StoredTensor tensor(String name) {
        StoredTensor tensor = stored.get(name);
        Check.that(tensor != null, "there is no tensor %s", name);
        return Objects.requireNonNull(tensor);
    }
}
