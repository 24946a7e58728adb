package belle.export.bundle;

import belle.export.files.PassingFolder;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.FileReason;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A folder that becomes the bundle in one rename, or nothing at all. It lies beside the target as {@code
 * .name.partial-pid}, is deleted when it is closed or the process is ended politely, and by the next export when its
 * process was killed.
 */
final class StagingFolder implements AutoCloseable {
    private final Path target;
    private final Path dir;
    private final Thread atExit;
    private boolean committed;

    private StagingFolder(Path target, Path dir) {
        this.target = target;
        this.dir = dir;
        atExit = new Thread(() -> PassingFolder.delete(dir), "delete-partial-bundle");
    }

    /**
     * Creates the folder, and the target's parent where it is missing, and removes what killed exports to the same
     * target left.
     */
    static StagingFolder beside(Path target) throws IOException {
        Path parent = Objects.requireNonNull(target.getParent());
        Files.createDirectories(parent);
        String prefix = "." + target.getFileName() + ".partial-";
        for (Path stale : partials(parent, prefix)) {
            if (!alive(stale.getFileName().toString().substring(prefix.length()))) {
                PassingFolder.delete(stale);
            }
        }
        Path dir = parent.resolve(prefix + ProcessHandle.current().pid());
        try {
            Files.createDirectory(dir);
        } catch (FileAlreadyExistsException e) {
            throw new FailureException(new Failure.Unavailable("this process is already exporting to " + target), e);
        }
        StagingFolder staging = new StagingFolder(target, dir);
        Runtime.getRuntime().addShutdownHook(staging.atExit);
        return staging;
    }

    Path file(String name) {
        return dir.resolve(name);
    }

    /** What to tell when a file of the bundle could not be written, on a full disk for example. */
    static IOException unwritten(Path file, long bytes, IOException cause) {
        return new IOException(
                file.getFileName() + " of " + bytes + " bytes cannot be written: " + FileReason.of(cause), cause);
    }

    /** Puts the finished folder in the target's place; an older bundle there disappears. Everything is on disk then. */
    void commit() throws IOException {
        force(dir);
        Path parent = Objects.requireNonNull(target.getParent());
        Path old = parent.resolve("." + target.getFileName() + ".partial-0-"
                + ProcessHandle.current().pid());
        boolean replaced = Files.exists(target, LinkOption.NOFOLLOW_LINKS);
        if (replaced) {
            Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
        }
        Files.move(dir, target, StandardCopyOption.ATOMIC_MOVE);
        committed = true;
        force(parent);
        if (replaced) {
            PassingFolder.delete(old);
        }
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            return; // The process is ending: the hook deletes.
        }
        if (!committed) {
            PassingFolder.delete(dir);
        }
    }

    private static List<Path> partials(Path parent, String prefix) throws IOException {
        try (Stream<Path> entries = Files.list(parent)) {
            return entries.filter(path -> path.getFileName().toString().startsWith(prefix))
                    .toList();
        }
    }

    private static boolean alive(String pid) {
        try {
            return ProcessHandle.of(Long.parseLong(pid)).isPresent();
        } catch (NumberFormatException e) {
            return false;
        }
    }

    /** Forces a folder's entries, or a file's bytes, to the disk. */
    static void force(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
