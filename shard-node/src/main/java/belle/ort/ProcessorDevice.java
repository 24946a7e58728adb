package belle.ort;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** The processor itself, on ONNX Runtime's own kernels. */
@SuppressWarnings("restricted") // memory of the C library
public record ProcessorDevice() implements Device {
    private static final MethodHandle CALLOC = function(
            "calloc", FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
    private static final MethodHandle FREE = function("free", FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));

    @Override
    public String memoryName() {
        return "Cpu";
    }

    @Override
    public int index() {
        return 0;
    }

    /** It is what a session takes when it is told of no other. */
    @Override
    public void addTo(OrtOptions options) {}

    /** Pages cost nothing until they are touched: the C library knows that the system's new ones hold zeros. */
    @Override
    public MemorySegment allocate(long bytes) {
        try {
            MemorySegment memory = (MemorySegment) CALLOC.invokeExact(1L, bytes);
            if (memory.address() == 0) {
                throw new OrtFailure("no room for " + bytes + " bytes of memory");
            }
            return memory.reinterpret(bytes);
        } catch (RuntimeException e) {
            throw e;
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
    }

    @Override
    public void free(MemorySegment memory) {
        try {
            FREE.invokeExact(memory);
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
    }

    @Override
    public void clear(MemorySegment memory, long from, long bytes) {
        memory.asSlice(from, bytes).fill((byte) 0);
    }

    @Override
    public void copy(MemorySegment memory, long from, long to, long bytes, long stride, int rows) {
        for (int row = 0; row < rows; row++) {
            MemorySegment.copy(memory, from + row * stride, memory, to + row * stride, bytes);
        }
    }

    private static MethodHandle function(String name, FunctionDescriptor type) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
    }
}
