package belle.ort;

import belle.ort.OrtApi.Call;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;

/**
 * A graph opened on a device. Inputs and outputs are tensors that the caller makes: those in the device's memory are used
 * where they are, those in the host's are copied there and back. Not thread-safe.
 */
public final class OrtSession implements AutoCloseable {
    /** ORT_LOGGING_LEVEL_ERROR. */
    private static final int ERRORS_ONLY = 3;

    /** OrtDeviceAllocator and OrtMemTypeDefault. */
    private static final int DEVICE_ALLOCATOR = 0;

    private static final int DEFAULT_MEMORY = 0;

    private final OrtApi api;
    private final Arena names = Arena.ofShared();
    private final MemorySegment environment;
    private final MemorySegment session;
    private final MemorySegment deviceMemory;
    private final MemorySegment hostMemory;

    private OrtSession(OrtApi api, MemorySegment environment, MemorySegment session, Device device) {
        this.api = api;
        this.environment = environment;
        this.session = session;
        this.deviceMemory = memory(device.memoryName(), device.index());
        this.hostMemory = memory("Cpu", 0);
    }

    /**
     * Opens a graph.
     *
     * @param library ONNX Runtime's
     * @param threads of the processor
     * @throws OrtFailure when the graph or the device is refused
     */
    public static OrtSession open(Path library, Path graph, Device device, int threads) {
        OrtApi api = OrtApi.of(library);
        try (Arena arena = Arena.ofConfined()) {
            // Before anything else: providers log where it says.
            MemorySegment environment = api.create(Call.CREATE_ENV, ERRORS_ONLY, arena.allocateFrom("belle"));
            try (OrtOptions options = new OrtOptions(api, threads)) {
                device.addTo(options);
                MemorySegment path = arena.allocateFrom(graph.toString());
                MemorySegment session = api.create(Call.CREATE_SESSION, environment, path, options.handle());
                return new OrtSession(api, environment, session, device);
            } catch (OrtFailure e) {
                api.release(Call.RELEASE_ENV, environment);
                throw e;
            }
        }
    }

    /** A tensor over part of an allocation of the session's device. */
    public Tensor onDevice(MemorySegment memory, long offset, long bytes, Tensor.Type type, long... shape) {
        return tensor(deviceMemory, MemorySegment.ofAddress(memory.address() + offset), bytes, type, shape);
    }

    /** A tensor over the host's memory, all of it. */
    public Tensor onHost(MemorySegment memory, Tensor.Type type, long... shape) {
        return tensor(hostMemory, memory, memory.byteSize(), type, shape);
    }

    private Tensor tensor(MemorySegment where, MemorySegment memory, long bytes, Tensor.Type type, long[] shape) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment dims = arena.allocateFrom(ValueLayout.JAVA_LONG, shape);
            return new Tensor(
                    this,
                    api.create(Call.CREATE_TENSOR, where, memory, bytes, dims, (long) shape.length, type.number()));
        }
    }

    /** Names of a run's inputs or outputs, for as long as the session is open. */
    public Names names(List<String> texts) {
        MemorySegment pointers = names.allocate(ValueLayout.ADDRESS, texts.size());
        for (int i = 0; i < texts.size(); i++) {
            pointers.setAtIndex(ValueLayout.ADDRESS, i, names.allocateFrom(texts.get(i)));
        }
        return new Names(pointers, texts.size());
    }

    /** Names in ONNX Runtime's form. */
    public record Names(MemorySegment pointers, int count) {}

    /**
     * Runs the graph. A tensor may be an input and an output.
     *
     * @param inputs in the order of their names
     * @param outputs the same, to be filled
     * @throws OrtFailure when the run fails
     */
    public void run(Names inputNames, List<Tensor> inputs, Names outputNames, List<Tensor> outputs) {
        try (Arena arena = Arena.ofConfined()) {
            api.call(
                    Call.RUN,
                    session,
                    MemorySegment.NULL,
                    inputNames.pointers(),
                    handles(arena, inputs),
                    (long) inputNames.count(),
                    outputNames.pointers(),
                    (long) outputNames.count(),
                    handles(arena, outputs));
        }
    }

    private static MemorySegment handles(Arena arena, List<Tensor> tensors) {
        MemorySegment handles = arena.allocate(ValueLayout.ADDRESS, tensors.size());
        for (int i = 0; i < tensors.size(); i++) {
            handles.setAtIndex(ValueLayout.ADDRESS, i, tensors.get(i).handle());
        }
        return handles;
    }

    private MemorySegment memory(String name, int index) {
        try (Arena arena = Arena.ofConfined()) {
            return api.create(
                    Call.CREATE_MEMORY_INFO, arena.allocateFrom(name), DEVICE_ALLOCATOR, index, DEFAULT_MEMORY);
        }
    }

    void release(Tensor tensor) {
        api.release(Call.RELEASE_VALUE, tensor.handle());
    }

    @Override
    public void close() {
        api.release(Call.RELEASE_SESSION, session);
        api.release(Call.RELEASE_MEMORY_INFO, deviceMemory);
        api.release(Call.RELEASE_MEMORY_INFO, hostMemory);
        api.release(Call.RELEASE_ENV, environment);
        names.close();
    }
}
