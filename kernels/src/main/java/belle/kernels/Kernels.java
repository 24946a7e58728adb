package belle.kernels;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.OrtSession.SessionOptions.ExecutionMode;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.UserCache;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;

/**
 * The library of custom ops. It lies in this jar; ONNX Runtime wants a file, so it is copied once into the user's cache
 * folder, under its content's hash.
 */
public final class Kernels {
    /** Read when the library is registered. */
    private static final String THREADS = "belle.threads";

    private Kernels() {}

    private static final class Extracted {
        static final Path LIBRARY = extract(UserCache.directory().resolve("native"));
    }

    /**
     * Returns options for sessions whose operators are these. Closing them would unload the operators, so they must stay open as long as the
     * sessions.
     *
     * @param threads that compute a step together, the caller's own counted: 1 to 1024. ONNX Runtime's own have nothing to do
     */
    public static SessionOptions options(int threads) throws OrtException {
        var options = new SessionOptions();
        try {
            options.addConfigEntry(THREADS, Integer.toString(threads));
            options.registerCustomOpLibrary(library().toString());
            options.setIntraOpNumThreads(1);
            options.setInterOpNumThreads(1);
            options.setExecutionMode(ExecutionMode.SEQUENTIAL);
            // Every step has a shape of its own; a pattern for each would cost more than it saves.
            options.setMemoryPatternOptimization(false);
            return options;
        } catch (OrtException | RuntimeException e) {
            options.close();
            throw e;
        }
    }

    /**
     * The file to give to {@code SessionOptions.registerCustomOpLibrary}.
     *
     * @throws FailureException when there is no library for this processor, or no place to put it
     */
    public static Path library() {
        return Extracted.LIBRARY;
    }

    /**
     * The instruction set that the ops use: {@code scalar}, {@code avx2}, {@code avx512} or {@code vnni}.
     *
     * @throws FailureException when {@code BELLE_ISA} names one that this machine lacks
     */
    public static String isa() {
        String name = NativeLibrary.isa();
        if (name.isEmpty()) {
            throw new FailureException(new Failure.Invalid(
                    "BELLE_ISA", "BELLE_ISA is '" + System.getenv("BELLE_ISA") + "', which this machine does not run"));
        }
        return name;
    }

    /** Reads the native segment once at memory speed, for benches. The value only keeps the reads alive. */
    public static float read(MemorySegment segment) {
        return NativeLibrary.read(segment);
    }

    /** Runs {@code rounds} of FMAs in registers, for benches, and returns the floating-point operations done. */
    public static long fmas(long rounds) {
        return NativeLibrary.fmas(rounds);
    }

    /** Runs {@code rounds} of products of bytes in registers, for benches, and returns the integer operations done. */
    public static long dots(long rounds) {
        return NativeLibrary.dots(rounds);
    }

    /**
     * Takes one rank's part in {@code times} sums of {@code row}, for benches, and returns how many microseconds each took. The other
     * ranks must do the same meanwhile.
     *
     * @param collective as the operator {@code AllReduce} has it: address, bytes, rank, ranks, step
     * @throws IllegalArgumentException when it is refused
     */
    public static double[] allReduces(long[] collective, float[] row, int times) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment micros = arena.allocate(ValueLayout.JAVA_DOUBLE, times);
            MemorySegment place = arena.allocateFrom(ValueLayout.JAVA_LONG, collective);
            MemorySegment x = arena.allocateFrom(ValueLayout.JAVA_FLOAT, row);
            if (!NativeLibrary.allReduces(place, x, arena.allocate(x.byteSize()), micros)) {
                throw new IllegalArgumentException("ranks cannot meet at " + Arrays.toString(collective));
            }
            return micros.toArray(ValueLayout.JAVA_DOUBLE);
        }
    }

    /** Copies the library into {@code folder} unless it is there; safe when several processes do so at once. */
    static Path extract(Path folder) {
        String resource = "/native/linux-" + architecture() + "/libbelle_ops.so";
        try (InputStream in = Kernels.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new FailureException(new Failure.Broken(
                        "kernels.jar", resource, "no custom ops were built for this system; build on it with ./belle"));
            }
            byte[] library = in.readAllBytes();
            Path target = folder.resolve("libbelle_ops-" + hash(library) + ".so");
            if (Files.isRegularFile(target) && Files.size(target) == library.length) {
                return target;
            }
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Path temporary = Files.createTempFile(folder, "libbelle_ops-", ".part");
            Files.write(temporary, library);
            return Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("the custom ops cannot be put into " + folder + ": " + e.getMessage(), e);
        }
    }

    /** As {@code uname -m} has it. */
    private static String architecture() {
        String name = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        return name.equals("amd64") ? "x86_64" : name;
    }

    private static String hash(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content), 0, 12);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
