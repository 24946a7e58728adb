package belle.text;

import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.UserCache;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.Properties;

/**
 * Loads the tokenizers' native code out of its jar.
 *
 * <p>Done here and not by the library's own loader, which looks for graphics cards, reports its start over the network
 * and may download another build of itself. The file is kept in a folder of the user's, under the library's version.
 */
final class NativeLibrary {
    private static final String ROOT = "/native/lib/";

    private static boolean loaded;

    private NativeLibrary() {}

    /** Loads the library once per JVM; a second call does nothing. Throws {@link FailureException} with the reason. */
    static synchronized void load() {
        if (!loaded) {
            extractAndLoad();
            loaded = true;
        }
    }

    @SuppressWarnings("restricted") // the one native call that puts the library there
    private static void extractAndLoad() {
        String platform = "linux-" + (System.getProperty("os.arch").equals("aarch64") ? "aarch64" : "x86_64");
        if (!System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("linux")) {
            throw new FailureException(new Failure.Unavailable(
                    "the tokenizer's native code is loaded on Linux only, not on " + System.getProperty("os.name")));
        }
        String resource = ROOT + platform + "/cpu/libtokenizers.so";
        Path file = null;
        try {
            Path folder = folder();
            file = cached(folder, resource, platform);
            System.load(file.toString());
            if (!folder.equals(UserCache.directory().toAbsolutePath())) {
                Files.delete(file);
                Files.delete(folder);
            }
        } catch (IOException | UnsatisfiedLinkError e) {
            throw new FailureException(
                    new Failure.Broken(
                            file == null ? resource : file.toString(),
                            "native library",
                            String.valueOf(e.getMessage())),
                    e);
        }
    }

    /** Returns the extracted file, written first if it is not there in full. */
    private static Path cached(Path folder, String resource, String platform) throws IOException {
        Path file = folder.resolve("libtokenizers-" + version() + "-" + platform + ".so");
        long bytes = size(resource);
        if (Files.isRegularFile(file) && Files.size(file) == bytes) {
            return file;
        }
        Path part = Files.createTempFile(folder, "libtokenizers", ".part");
        try (InputStream in = open(resource)) {
            Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
            // Renamed over: another process that starts now sees no file or the whole one.
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
        return file;
    }

    /** The user's cache folder, or a fresh temporary one where that cannot be written. */
    private static Path folder() throws IOException {
        try {
            Path folder = Files.createDirectories(UserCache.directory().toAbsolutePath());
            if (Files.isWritable(folder)) {
                return folder;
            }
        } catch (IOException e) {
            // No home or a read-only one: each start then pays for one copy.
        }
        return Files.createTempDirectory("belle");
    }

    private static String version() throws IOException {
        Properties properties = new Properties();
        try (InputStream in = open(ROOT + "tokenizers.properties")) {
            properties.load(in);
        }
        return properties.getProperty("version", "unknown");
    }

    private static long size(String resource) throws IOException {
        var url = NativeLibrary.class.getResource(resource);
        if (url == null) {
            throw new IOException("not in the class path: " + resource);
        }
        return url.openConnection().getContentLengthLong();
    }

    private static InputStream open(String resource) throws IOException {
        InputStream in = NativeLibrary.class.getResourceAsStream(resource);
        if (in == null) {
            throw new IOException("not in the class path: " + resource);
        }
        return in;
    }
}
