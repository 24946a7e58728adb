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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** CUDA's runtime library: what a device's memory needs beside ONNX Runtime, and whether all is there. */
@SuppressWarnings("restricted") // its purpose: native calls
public final class CudaRuntime {
    /** cudaMemcpyDeviceToDevice of driver_types.h. */
    static final int DEVICE_TO_DEVICE = 3;

    private static final String RUNTIME = "libcudart.so.12";
    private static final String PROVIDER = "libonnxruntime_providers_cuda.so";

    /** What the provider of ONNX Runtime 1.29 is linked with, the driver first. */
    private static final List<String> LIBRARIES =
            List.of("libcuda.so.1", RUNTIME, "libcublas.so.12", "libcublasLt.so.12", "libcurand.so.10");

    private static final AddressLayout POINTER = ValueLayout.ADDRESS;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    /** Functions and their arguments; each returns an error's number, 0 for none. */
    private static final Map<String, List<MemoryLayout>> FUNCTIONS = Map.of(
            "cudaGetDeviceCount", List.of(POINTER),
            "cudaSetDevice", List.of(INT),
            "cudaMemGetInfo", List.of(POINTER, POINTER),
            "cudaMalloc", List.of(POINTER, LONG),
            "cudaFree", List.of(POINTER),
            "cudaMemset", List.of(POINTER, INT, LONG),
            "cudaMemcpy2D", List.of(POINTER, LONG, POINTER, LONG, LONG, LONG, INT),
            "cudaDeviceSynchronize", List.of());

    /** Loaded when CUDA is first used, and never where it is not. */
    private static final class Loaded {
        static final Map<String, MethodHandle> CALLS = new HashMap<>();
        static final MethodHandle ERROR_TEXT;

        static {
            SymbolLookup symbols = SymbolLookup.libraryLookup(RUNTIME, Arena.global());
            Linker linker = Linker.nativeLinker();
            FUNCTIONS.forEach((name, arguments) -> CALLS.put(
                    name,
                    linker.downcallHandle(
                            symbols.findOrThrow(name),
                            FunctionDescriptor.of(INT, arguments.toArray(new MemoryLayout[0])))));
            ERROR_TEXT = linker.downcallHandle(
                    symbols.findOrThrow("cudaGetErrorString"), FunctionDescriptor.of(POINTER, INT));
        }

        private Loaded() {}
    }

    private CudaRuntime() {}

    /**
     * Says in one line what keeps CUDA from being used here; empty when nothing does.
     *
     * @param libraries the folder with ONNX Runtime's libraries
     */
    public static Optional<String> missing(Path libraries) {
        if (!Files.isRegularFile(libraries.resolve(PROVIDER))) {
            return Optional.of("ONNX Runtime's CUDA provider (" + PROVIDER
                    + ") is not in this build: build with BELLE_CUDA=1, which fetches onnxruntime_gpu");
        }
        List<String> missing = new ArrayList<>();
        for (String library : LIBRARIES) {
            try (Arena arena = Arena.ofConfined()) {
                SymbolLookup.libraryLookup(library, arena);
            } catch (IllegalArgumentException e) {
                missing.add(library);
            }
        }
        if (!missing.isEmpty()) {
            return Optional.of(
                    "libraries of NVIDIA's driver and of CUDA 12 are missing: " + String.join(", ", missing));
        }
        return devices() == 0 ? Optional.of("there is no CUDA device") : Optional.empty();
    }

    /** Number of devices; 0 also when the driver has none to offer. */
    public static int devices() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(INT);
            call("cudaGetDeviceCount", count);
            return count.get(INT, 0);
        } catch (OrtFailure e) {
            return 0;
        }
    }

    /** Bytes of a device's memory that nobody has taken. */
    public static long freeBytes(int device) {
        return memory(device)[0];
    }

    /** Bytes of a device's whole memory. */
    public static long totalBytes(int device) {
        return memory(device)[1];
    }

    private static long[] memory(int device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment free = arena.allocate(LONG);
            MemorySegment total = arena.allocate(LONG);
            use(device);
            call("cudaMemGetInfo", free, total);
            return new long[] {free.get(LONG, 0), total.get(LONG, 0)};
        }
    }

    /** Has this thread's next calls be of {@code device}. */
    static void use(int device) {
        call("cudaSetDevice", device);
    }

    /**
     * Calls a function.
     *
     * @throws OrtFailure with CUDA's own words
     */
    static void call(String function, Object... arguments) {
        try {
            int error = (int) Objects.requireNonNull(Loaded.CALLS.get(function)).invokeWithArguments(arguments);
            if (error != 0) {
                MemorySegment text = (MemorySegment) Loaded.ERROR_TEXT.invokeExact(error);
                throw new OrtFailure(
                        function + ": " + text.reinterpret(Long.MAX_VALUE).getString(0));
            }
        } catch (RuntimeException e) {
            throw e;
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
    }
}
