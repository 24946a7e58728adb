package belle.runtime;

import belle.proto.Failure;
import belle.proto.FailureException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.BitSet;

/** The few functions of the C library that the JDK has no equal of. */
@SuppressWarnings("restricted") // its purpose: native calls
final class CLibrary {
    private static final MethodHandle ALIGNED_ALLOC = function(
            "aligned_alloc", FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
    private static final MethodHandle FREE = function("free", FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));
    private static final MethodHandle SETENV = function(
            "setenv",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));

    private static final MethodHandle MADVISE = function(
            "madvise",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));

    private static final MethodHandle SCHED_SETAFFINITY = function(
            "sched_setaffinity",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));

    private static final MethodHandle MMAP = function(
            "mmap",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_LONG));

    private static final MethodHandle MREMAP = function(
            "mremap",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_LONG),
            Linker.Option.firstVariadicArg(4));

    private static final MethodHandle MUNMAP = function(
            "munmap", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));

    private static final int READ_WRITE = 1 | 2;
    private static final int PRIVATE_ANONYMOUS = 2 | 0x20;
    private static final int MAY_MOVE_FIXED = 1 | 2;
    private static final long FAILED = -1;
    private static final long HUGE_PAGE_BYTES = 2L << 20;

    /** MADV_HUGEPAGE of Linux, see madvise(2). */
    private static final int HUGE_PAGES = 14;

    private CLibrary() {}

    /**
     * Returns memory whose pages are backed when they are first touched; {@link #free} takes it back.
     *
     * @throws OutOfMemoryError when there is no room
     */
    static MemorySegment allocate(long bytes, long alignmentBytes) {
        MemorySegment memory;
        try {
            long rounded = Math.ceilDiv(bytes, alignmentBytes) * alignmentBytes;
            memory = (MemorySegment) ALIGNED_ALLOC.invokeExact(alignmentBytes, rounded);
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
        if (memory.address() == 0) {
            throw new OutOfMemoryError("no room for " + bytes + " bytes of native memory");
        }
        return memory;
    }

    /**
     * Asks for huge pages under the memory, which large tables are read through faster. Without effect where the
     * system has none.
     */
    static void preferHugePages(MemorySegment memory) {
        try {
            int ignored = (int) MADVISE.invokeExact(memory, memory.byteSize(), HUGE_PAGES);
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
    }

    /**
     * Binds the calling thread, and those that it starts, to processors.
     *
     * @throws FailureException when this process may use none of them
     */
    static void stayOn(BitSet cpus) {
        int result;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(CpuList.LIMIT / Byte.SIZE, Long.BYTES);
            cpus.stream().forEach(cpu -> {
                long word = mask.getAtIndex(ValueLayout.JAVA_LONG, cpu / Long.SIZE);
                mask.setAtIndex(ValueLayout.JAVA_LONG, cpu / Long.SIZE, word | 1L << cpu % Long.SIZE);
            });
            result = (int) SCHED_SETAFFINITY.invokeExact(0, mask.byteSize(), mask);
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
        if (result != 0) {
            throw new FailureException(new Failure.Invalid(
                    "belle.node.runtime.rank-cores",
                    "belle.node.runtime.rank-cores names " + cpus + ", of which this process may use none"));
        }
    }

    static void free(MemorySegment memory) {
        try {
            FREE.invokeExact(memory);
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** Sets an environment variable for native code; Java's own view of the environment does not change. */
    static void setEnvironment(String name, String value) {
        try (Arena arena = Arena.ofConfined()) {
            int ignored = (int) SETENV.invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 1);
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
    }

    /**
     * Puts new memory with the same content in the place of mapped memory, at its address; nobody may write there meanwhile. Pages
     * are the calling thread's, huge where that is possible.
     *
     * @param address of a whole mapping of {@code bytes}
     * @throws OutOfMemoryError when there is no room
     */
    static void replaceByCopy(long address, long bytes) {
        // A huge page stays one where both addresses lie alike.
        long room = bytes + HUGE_PAGE_BYTES;
        try {
            long memory = (long) MMAP.invokeExact(0L, room, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
            checkRoom(memory, bytes);
            long from = memory + Math.floorMod(address - memory, HUGE_PAGE_BYTES);
            MemorySegment copy = MemorySegment.ofAddress(from).reinterpret(bytes);
            preferHugePages(copy);
            copy.copyFrom(MemorySegment.ofAddress(address).reinterpret(bytes));
            // Not the place of the copy, which may be somebody else's as soon as it has moved.
            unmap(memory, from - memory);
            unmap(from + bytes, memory + room - from - bytes);
            long moved = (long) MREMAP.invokeExact(from, bytes, bytes, MAY_MOVE_FIXED, address);
            if (moved == FAILED) {
                unmap(from, bytes);
            }
            checkRoom(moved, bytes);
        } catch (OutOfMemoryError e) {
            throw e;
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static void checkRoom(long address, long bytes) {
        if (address == FAILED) {
            throw new OutOfMemoryError("no room for a copy of " + bytes + " bytes of weights");
        }
    }

    private static void unmap(long address, long bytes) throws Throwable {
        if (bytes > 0) {
            int ignored = (int) MUNMAP.invokeExact(address, bytes);
        }
    }

    private static MethodHandle function(String name, FunctionDescriptor type, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, options);
    }
}
