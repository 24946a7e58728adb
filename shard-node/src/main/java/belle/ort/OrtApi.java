package belle.ort;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/**
 * The part of ONNX Runtime's C interface that is used here. It is a table of functions that only ever grows at its end, so
 * that a function keeps its place for good (onnxruntime_c_api.h, struct OrtApi).
 */
@SuppressWarnings("restricted") // its purpose: native calls
final class OrtApi {
    /** The oldest version that has every function below. */
    private static final int VERSION = 21;

    private static final AddressLayout POINTER = ValueLayout.ADDRESS;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    /** A function: its place in the table and its arguments. Those that can fail return a status, null when they did not. */
    @SuppressWarnings("ImmutableEnumChecker") // a function's type never changes
    enum Call {
        ERROR_MESSAGE(2, FunctionDescriptor.of(POINTER, POINTER)),
        CREATE_ENV(3, status(INT, POINTER, POINTER)),
        CREATE_SESSION(7, status(POINTER, POINTER, POINTER, POINTER)),
        RUN(9, status(POINTER, POINTER, POINTER, POINTER, LONG, POINTER, LONG, POINTER)),
        CREATE_OPTIONS(10, status(POINTER)),
        DISABLE_MEMORY_PATTERNS(17, status(POINTER)),
        SET_INTRA_OP_THREADS(24, status(POINTER, INT)),
        CREATE_TENSOR(49, status(POINTER, POINTER, LONG, POINTER, LONG, INT, POINTER)),
        CREATE_MEMORY_INFO(68, status(POINTER, INT, INT, INT, POINTER)),
        RELEASE_ENV(92, FunctionDescriptor.ofVoid(POINTER)),
        RELEASE_STATUS(93, FunctionDescriptor.ofVoid(POINTER)),
        RELEASE_MEMORY_INFO(94, FunctionDescriptor.ofVoid(POINTER)),
        RELEASE_SESSION(95, FunctionDescriptor.ofVoid(POINTER)),
        RELEASE_VALUE(96, FunctionDescriptor.ofVoid(POINTER)),
        RELEASE_OPTIONS(100, FunctionDescriptor.ofVoid(POINTER)),
        ADD_SESSION_CONFIG(130, status(POINTER, POINTER, POINTER)),
        APPEND_CUDA(204, status(POINTER, POINTER)),
        CREATE_CUDA_OPTIONS(205, status(POINTER)),
        UPDATE_CUDA_OPTIONS(206, status(POINTER, POINTER, POINTER, LONG)),
        RELEASE_CUDA_OPTIONS(208, FunctionDescriptor.ofVoid(POINTER));

        private final int place;
        private final FunctionDescriptor type;

        Call(int place, FunctionDescriptor type) {
            this.place = place;
            this.type = type;
        }

        private static FunctionDescriptor status(MemoryLayout... arguments) {
            return FunctionDescriptor.of(POINTER, arguments);
        }
    }

    private final Map<Call, MethodHandle> calls = new EnumMap<>(Call.class);

    private OrtApi(MemorySegment table) {
        Linker linker = Linker.nativeLinker();
        for (Call call : Call.values()) {
            MemorySegment function = table.getAtIndex(POINTER, call.place);
            calls.put(call, linker.downcallHandle(function, call.type));
        }
    }

    /**
     * Opens the interface of a runtime's library, which stays loaded.
     *
     * @throws OrtFailure when the library is none, or too old
     */
    static OrtApi of(Path library) {
        try {
            Linker linker = Linker.nativeLinker();
            SymbolLookup symbols = SymbolLookup.libraryLookup(library, Arena.global());
            MethodHandle base =
                    linker.downcallHandle(symbols.findOrThrow("OrtGetApiBase"), FunctionDescriptor.of(POINTER));
            MemorySegment getApi = ((MemorySegment) base.invokeExact())
                    .reinterpret(POINTER.byteSize())
                    .get(POINTER, 0);
            MethodHandle get = linker.downcallHandle(getApi, FunctionDescriptor.of(POINTER, INT));
            MemorySegment table = (MemorySegment) get.invokeExact(VERSION);
            if (table.address() == 0) {
                throw new OrtFailure(library + " is older than version 1." + VERSION);
            }
            long slots = Call.RELEASE_CUDA_OPTIONS.place + 1L;
            return new OrtApi(table.reinterpret(slots * POINTER.byteSize()));
        } catch (RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /**
     * Calls a function that can fail.
     *
     * @throws OrtFailure with ONNX Runtime's own message
     */
    void call(Call call, Object... arguments) {
        MemorySegment status = (MemorySegment) invoke(call, arguments);
        if (status.address() == 0) {
            return;
        }
        MemorySegment message = (MemorySegment) invoke(Call.ERROR_MESSAGE, status);
        String text = message.reinterpret(Long.MAX_VALUE).getString(0);
        invoke(Call.RELEASE_STATUS, status);
        throw new OrtFailure(text.lines().findFirst().orElse("failed"));
    }

    /** Calls a function whose last argument receives what it made, and returns that. */
    MemorySegment create(Call call, Object... arguments) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment made = arena.allocate(POINTER);
            Object[] all = new Object[arguments.length + 1];
            System.arraycopy(arguments, 0, all, 0, arguments.length);
            all[arguments.length] = made;
            call(call, all);
            return made.get(POINTER, 0);
        }
    }

    /** Calls a function that frees something. */
    void release(Call call, MemorySegment what) {
        invoke(call, what);
    }

    private Object invoke(Call call, Object... arguments) {
        try {
            return Objects.requireNonNull(calls.get(call)).invokeWithArguments(arguments);
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
    }
}
