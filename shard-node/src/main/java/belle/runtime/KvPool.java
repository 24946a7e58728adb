package belle.runtime;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The memory of a replica's key/value cache. Kernels read and write it in place, by address; Java never looks inside.
 *
 * <p>Pages cost nothing until a kernel touches them: the memory comes from the C library, because {@link
 * Arena#allocate} would write zeros over all of it. Not before every rank that may be running a step on it has been
 * closed may its owner close it.
 */
@SuppressWarnings("restricted") // the C library is called, and its memory given a size and an owner
public final class KvPool implements AutoCloseable {
    /** Two mebibytes, so that the kernel can back the pool with huge pages. */
    private static final long ALIGNMENT_BYTES = 2L << 20;

    private final KvLayout layout;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;

    private KvPool(KvLayout layout) {
        this.layout = layout;
        this.memory = CLibrary.allocate(layout.bytes()).reinterpret(layout.bytes(), arena, CLibrary::free);
    }

    /**
     * Reserves the memory of {@code layout}.
     *
     * @throws OutOfMemoryError when the address space has no room for it
     */
    public static KvPool reserve(KvLayout layout) {
        return new KvPool(layout);
    }

    public KvLayout layout() {
        return layout;
    }

    /** Returns the graph input {@code kv_pool}: address, bytes, layers, blocks, tokens of a block, bits of an element. */
    long[] descriptor() {
        return new long[] {
            memory.address(),
            layout.bytes(),
            layout.layers(),
            layout.blocks(),
            layout.blockTokens(),
            layout.elementBits()
        };
    }

    @Override
    public void close() {
        arena.close();
    }

    /** The two calls of the C library that a lazily backed allocation needs. */
    private static final class CLibrary {
        private static final MethodHandle ALIGNED_ALLOC = function(
                "aligned_alloc",
                FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
        private static final MethodHandle FREE = function("free", FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));

        static MemorySegment allocate(long bytes) {
            MemorySegment memory;
            try {
                memory = (MemorySegment) ALIGNED_ALLOC.invokeExact(
                        ALIGNMENT_BYTES, Math.ceilDiv(bytes, ALIGNMENT_BYTES) * ALIGNMENT_BYTES);
            } catch (Throwable impossible) {
                throw new AssertionError(impossible);
            }
            if (memory.address() == 0) {
                throw new OutOfMemoryError("no room for a key/value pool of " + bytes + " bytes");
            }
            return memory;
        }

        static void free(MemorySegment memory) {
            try {
                FREE.invokeExact(memory);
            } catch (Throwable impossible) {
                throw new AssertionError(impossible);
            }
        }

        private static MethodHandle function(String name, FunctionDescriptor type) {
            Linker linker = Linker.nativeLinker();
            return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
        }
    }
}
