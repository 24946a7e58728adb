package belle.proto.bundle;

import belle.proto.Check;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.UserCache;
import belle.proto.bundle.Manifest.FileEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A model bundle that was opened strictly: its manifest fits its files, byte for byte. Holds nothing open. */
public final class Bundle {
    /** Smaller files are hashed in less time than anybody notices, and need no stamp. */
    private static final long STAMPED_FROM_BYTES = 64L << 20;

    private final Path dir;
    private final Manifest manifest;

    private Bundle(Path dir, Manifest manifest) {
        this.dir = dir;
        this.manifest = manifest;
    }

    /**
     * Opens a bundle: the manifest's rules, the files' presence and sizes, and as much of their hashes as {@code
     * verification} says.
     *
     * @throws FailureException {@link Failure.Broken} naming the file and the field
     */
    public static Bundle open(Path dir, Verification verification) {
        byte[] json = manifestBytes(dir);
        Manifest manifest = ManifestJson.read(json);
        ManifestRules.check(manifest);
        Map<String, FileEntry> files = new TreeMap<>(manifest.files());
        try {
            refuseStrangers(dir, manifest);
            for (var file : files.entrySet()) {
                checkSize(dir.resolve(file.getKey()), file.getKey(), file.getValue());
            }
            switch (verification) {
                case STRUCTURE_ONLY -> {}
                case EVERYTHING -> verify(dir, files, json, true);
                case UNLESS_STAMPED -> verify(dir, files, json, false);
            }
        } catch (IOException e) {
            throw new FailureException(
                    new Failure.Broken(dir.toString(), "file", "cannot be read: " + e.getMessage()), e);
        }
        return new Bundle(dir, manifest);
    }

    /** Tells whether a folder says of itself that it is a bundle; it may still be broken. */
    public static boolean looksLikeOne(Path dir) {
        return Files.isRegularFile(dir.resolve(Manifest.FILE));
    }

    public Path dir() {
        return dir;
    }

    public Manifest manifest() {
        return manifest;
    }

    /** Returns the path of one of the manifest's files. */
    public Path file(String name) {
        Check.that(manifest.files().containsKey(name), "'%s' is not a file of bundle %s", name, dir);
        return dir.resolve(name);
    }

    /** Returns the path of a rank's graph; the degree must be one of the manifest's. */
    public Path graph(int rank, int degree) {
        return file(Manifest.graphFile(rank, degree));
    }

    private static byte[] manifestBytes(Path dir) {
        Path file = dir.resolve(Manifest.FILE);
        try {
            if (Files.size(file) > ManifestJson.LIMIT_BYTES) {
                throw broken(Manifest.FILE, "size", "is over the limit of " + ManifestJson.LIMIT_BYTES + " bytes");
            }
            return Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            String what = Files.isDirectory(dir) ? "no model bundle: it has no " + Manifest.FILE : "no folder";
            throw broken(dir.toString(), "bundle", "is " + what);
        } catch (IOException e) {
            throw broken(file.toString(), "file", "cannot be read: " + e.getMessage());
        }
    }

    private static void refuseStrangers(Path dir, Manifest manifest) throws IOException {
        try (Stream<Path> entries = Files.list(dir)) {
            entries.map(path -> path.getFileName().toString())
                    .filter(name ->
                            !name.equals(Manifest.FILE) && !manifest.files().containsKey(name))
                    .sorted()
                    .findFirst()
                    .ifPresent(name -> {
                        throw broken(name, "file", "lies in the bundle but is not in its manifest");
                    });
        }
    }

    private static void checkSize(Path path, String name, FileEntry entry) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            throw broken(name, "file", "is missing");
        }
        if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
            throw broken(name, "file", "is not a regular file");
        }
        if (Files.size(path) != entry.bytes()) {
            throw broken(name, "bytes", "are " + Files.size(path) + ", but the manifest says " + entry.bytes());
        }
    }

    private static void verify(Path dir, Map<String, FileEntry> files, byte[] json, boolean always) throws IOException {
        VerifiedStamps stamps = new VerifiedStamps(UserCache.directory());
        for (var file : files.entrySet()) {
            Path path = dir.resolve(file.getKey());
            String identity = VerifiedStamps.identity(json, path);
            boolean large = file.getValue().bytes() >= STAMPED_FROM_BYTES;
            if (large && !always && stamps.holds(path, identity)) {
                continue;
            }
            checkHash(path, file.getKey(), file.getValue());
            // A file that changed while it was hashed is not vouched for.
            if (large && identity.equals(VerifiedStamps.identity(json, path))) {
                stamps.put(path, identity);
            }
        }
    }

    private static void checkHash(Path path, String name, FileEntry entry) throws IOException {
        String sha256 = entry.chunkBytes().isPresent()
                ? FileHash.chunked(path, entry.chunkBytes().get())
                : FileHash.plain(path);
        if (!sha256.equals(entry.sha256())) {
            throw broken(name, "sha256", "is " + sha256 + ", but the manifest says " + entry.sha256());
        }
    }

    private static FailureException broken(String file, String field, String problem) {
        return new FailureException(new Failure.Broken(file, field, problem));
    }
}
