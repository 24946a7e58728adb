package belle.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** The library's plain C functions. The library stays loaded for the life of the process. */
@SuppressWarnings("restricted") // its purpose: native calls
final class NativeLibrary {
    private NativeLibrary() {}

    private static final Linker LINKER = Linker.nativeLinker();
    private static final SymbolLookup SYMBOLS = SymbolLookup.libraryLookup(Kernels.library(), Arena.global());
    private static final MethodHandle ISA = function("belle_isa", FunctionDescriptor.of(ValueLayout.ADDRESS));
    private static final MethodHandle SELECT_ISA =
            function("belle_select_isa", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS));

    private static final MethodHandle READ = function(
            "belle_read", FunctionDescriptor.of(ValueLayout.JAVA_FLOAT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
    private static final MethodHandle FMAS =
            function("belle_fmas", FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
    private static final MethodHandle DOTS =
            function("belle_dots", FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));

    private static final MethodHandle ALL_REDUCES = function(
            "belle_all_reduces",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.ADDRESS));

    /** The instruction set in use; empty when the one asked for is not to be had. */
    static String isa() {
        try {
            MemorySegment name = (MemorySegment) ISA.invokeExact();
            return name.reinterpret(64).getString(0);
        } catch (Throwable e) {
            throw new IllegalStateException("belle_isa", e);
        }
    }

    /** Sessions opened from now on use the named set. False when this machine lacks it. */
    static boolean selectIsa(String name) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) SELECT_ISA.invokeExact(arena.allocateFrom(name)) == 0;
        } catch (Throwable e) {
            throw new IllegalStateException("belle_select_isa", e);
        }
    }

    /** Reads the segment once, as fast as the kernels can. */
    static float read(MemorySegment segment) {
        try {
            return (float) READ.invokeExact(segment, segment.byteSize() / Float.BYTES);
        } catch (Throwable e) {
            throw new IllegalStateException("belle_read", e);
        }
    }

    /** Runs FMAs in registers and returns the number of floating-point operations. */
    static long fmas(long rounds) {
        try {
            return (long) FMAS.invokeExact(rounds);
        } catch (Throwable e) {
            throw new IllegalStateException("belle_fmas", e);
        }
    }

    /** Multiplies bytes in registers and returns the number of integer operations. */
    static long dots(long rounds) {
        try {
            return (long) DOTS.invokeExact(rounds);
        } catch (Throwable e) {
            throw new IllegalStateException("belle_dots", e);
        }
    }

    /** Takes part in as many sums as {@code micros} has places. False when {@code collective} is refused. */
    static boolean allReduces(MemorySegment collective, MemorySegment x, MemorySegment y, MemorySegment micros) {
        long floats = x.byteSize() / Float.BYTES;
        long times = micros.byteSize() / Double.BYTES;
        try {
            return (int) ALL_REDUCES.invokeExact(collective, x, floats, y, times, micros) == 0;
        } catch (Throwable e) {
            throw new IllegalStateException("belle_all_reduces", e);
        }
    }

    static MethodHandle function(String name, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(SYMBOLS.findOrThrow(name), descriptor);
    }
}
