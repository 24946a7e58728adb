package belle.export.files;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder for what is needed only until its owner closes it: {@code .NAME.KIND-pid} beside a target. It is deleted when it is
 * closed or the process is ended politely, and by the next one of its name when its process was killed.
 */
public final class PassingFolder implements AutoCloseable {
    private final NewFolders parents;
    private final Path path;
    private final Thread atExit;

    private PassingFolder(NewFolders parents, Path path) {
        this.parents = parents;
        this.path = path;
        atExit = new Thread(() -> delete(path), "delete-" + path.getFileName());
    }

    /** Makes it, and the target's parent where that is missing. */
    public static PassingFolder beside(Path target, String kind) throws IOException {
        Path whole = target.toAbsolutePath().normalize();
        Path parent = whole.getParent();
        if (parent == null) {
            throw new IOException(target + ": is the root of the file system");
        }
        NewFolders parents = NewFolders.make(parent);
        String prefix = "." + whole.getFileName() + "." + kind + "-";
        Path path = parent.resolve(prefix + ProcessHandle.current().pid());
        try {
            deleteStale(parent, prefix);
            Files.createDirectory(path);
        } catch (IOException e) {
            parents.takeBack();
            throw e;
        }
        var folder = new PassingFolder(parents, path);
        Runtime.getRuntime().addShutdownHook(folder.atExit);
        return folder;
    }

    public Path path() {
        return path;
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            return; // The process is ending: the hook deletes.
        }
        delete(path);
        parents.takeBack();
    }

    private static void deleteStale(Path parent, String prefix) throws IOException {
        try (Stream<Path> entries = Files.list(parent)) {
            List<Path> stale = entries.filter(path -> {
                        String name = path.getFileName().toString();
                        return name.startsWith(prefix) && !alive(name.substring(prefix.length()));
                    })
                    .toList();
            stale.forEach(PassingFolder::delete);
        }
    }

    private static boolean alive(String pid) {
        try {
            return ProcessHandle.of(Long.parseLong(pid)).isPresent();
        } catch (NumberFormatException e) {
            return true; // No name that such a folder has: it is somebody else's.
        }
    }

    /** Deletes a folder with all that is in it, as far as it can be deleted; links are not followed. */
    public static void delete(Path folder) {
        try (Stream<Path> entries = Files.walk(folder)) {
            for (Path entry : entries.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(entry);
            }
        } catch (IOException | UncheckedIOException e) {
            // What stays behind lies under a name that says so; the next one of its name tries again.
        }
    }
}
