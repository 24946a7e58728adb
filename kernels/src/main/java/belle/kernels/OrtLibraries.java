package belle.kernels;

import ai.onnxruntime.OrtEnvironment;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.UserCache;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * ONNX Runtime's own libraries, kept in the user's cache. Left to itself it unpacks 28 MB out of its jar at every start
 * of a process, a third of a second, and deletes them at the end.
 */
public final class OrtLibraries {
    /** Where ONNX Runtime looks before it unpacks. */
    private static final String FOLDER_PROPERTY = "onnxruntime.native.path";

    /** File name of ONNX Runtime itself. */
    public static final String RUNTIME = "libonnxruntime.so";

    private static final List<String> LIBRARIES = List.of(RUNTIME, "libonnxruntime4j_jni.so");

    /** What the jar for GPUs has beside them. */
    private static final List<String> GPU_LIBRARIES =
            List.of("libonnxruntime_providers_shared.so", "libonnxruntime_providers_cuda.so");

    private OrtLibraries() {}

    /**
     * Has ONNX Runtime take the kept libraries, written first if they are not there. To be called before its first use;
     * where they cannot be kept, it unpacks them as ever.
     */
    public static synchronized void keep() {
        if (System.getProperty(FOLDER_PROPERTY) == null) {
            try {
                Path folder = kept(UserCache.directory().toAbsolutePath().resolve("native"));
                System.setProperty(FOLDER_PROPERTY, folder.toString());
            } catch (IOException e) {
                // No home, a read-only one or a full disk: the process still starts, only later.
            }
        }
    }

    /**
     * Returns the folder of the libraries that this process uses.
     *
     * @throws FailureException {@link Failure.Unavailable} when they could not be kept
     */
    public static Path folder() {
        keep();
        String folder = System.getProperty(FOLDER_PROPERTY);
        if (folder == null) {
            throw new FailureException(new Failure.Unavailable("ONNX Runtime's libraries could not be written to "
                    + UserCache.directory().toAbsolutePath()));
        }
        return Path.of(folder);
    }

    /** Returns the folder below {@code cache} that has the libraries; its name is their content's. */
    static Path kept(Path cache) throws IOException {
        String platform = System.getProperty("os.arch").equals("aarch64") ? "linux-aarch64" : "linux-x64";
        String resources = "/ai/onnxruntime/native/" + platform + "/";
        Map<String, JarURLConnection> sources = new LinkedHashMap<>();
        for (String library : LIBRARIES) {
            sources.put(library, source(resources + library));
        }
        for (String library : GPU_LIBRARIES) {
            if (OrtEnvironment.class.getResource(resources + library) != null) {
                sources.put(library, source(resources + library));
            }
        }
        StringBuilder name = new StringBuilder("onnxruntime");
        for (JarURLConnection source : sources.values()) {
            name.append(String.format("-%08x", source.getJarEntry().getCrc()));
        }
        Path folder = cache.resolve(name.toString());
        Files.createDirectories(
                folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        for (Map.Entry<String, JarURLConnection> source : sources.entrySet()) {
            copy(source.getValue(), folder.resolve(source.getKey()));
        }
        return folder;
    }

    private static JarURLConnection source(String resource) throws IOException {
        URL url = OrtEnvironment.class.getResource(resource);
        if (url != null && url.openConnection() instanceof JarURLConnection jar) {
            return jar;
        }
        throw new IOException("no " + resource + " in a jar");
    }

    /** Renamed into place, so that another process that starts now sees no file or the whole one. */
    private static void copy(JarURLConnection source, Path target) throws IOException {
        if (Files.isRegularFile(target) && Files.size(target) == source.getContentLengthLong()) {
            return;
        }
        Path part = Files.createTempFile(target.getParent(), "library", ".part");
        try (InputStream in = source.getInputStream()) {
            Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }
}
