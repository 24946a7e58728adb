package belle.proto.bundle;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.TimeUnit;

/**
 * Remembers, in the user's cache, which weights were hashed and found right, so that a restart need not read gigabytes.
 * One small file a bundle path. A cache that cannot be read or written only costs time.
 */
final class VerifiedStamps {
    private final Path folder;

    VerifiedStamps(Path cache) {
        folder = cache.resolve("verified");
    }

    /** What a stamp vouches for: this manifest's hash for exactly this file, untouched since. */
    static String identity(byte[] manifest, Path weights) throws IOException {
        var attributes = Files.readAttributes(weights, BasicFileAttributes.class);
        return String.join(
                " ",
                FileHash.of(manifest),
                Long.toString(attributes.size()),
                Long.toString(attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS)),
                String.valueOf(attributes.fileKey()));
    }

    boolean holds(Path weights, String identity) {
        try {
            return Files.readString(stamp(weights)).equals(identity);
        } catch (IOException e) {
            return false;
        }
    }

    void put(Path weights, String identity) {
        try {
            Files.createDirectories(folder);
            Path fresh = Files.createTempFile(folder, "stamp", ".new");
            Files.writeString(fresh, identity);
            Files.move(fresh, stamp(weights), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            // Without a stamp the next opening hashes again, which is right in any case.
        }
    }

    private Path stamp(Path weights) throws IOException {
        return folder.resolve(FileHash.of(weights.toRealPath().toString().getBytes(StandardCharsets.UTF_8)));
    }
}
