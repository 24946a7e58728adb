package belle.export.bundle;

import belle.export.files.PassingFolder;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.FileReason;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The folder {@code .NAME.partial} beside a target. Its folder {@code bundle} becomes the target in one rename, or nothing at
 * all; beside that lies what is needed while it is made. One export at a time has it. When it is closed or the process is ended
 * politely it is deleted, unless it has finished layers; what a killed process left is there when the next one comes.
 */
final class StagingFolder implements AutoCloseable {
    private static final String BUNDLE = "bundle";
    private static final String REPLACED = "replaced";

    /** What exports put here, in whichever order they were killed. */
    private static final Pattern OURS = Pattern.compile("bundle|replaced|layer|progress(\\.new)?|hidden-\\d+");

    private final Path target;
    private final Path root;
    private final TargetLock lock;
    private final Thread atExit;
    private boolean mine;

    private StagingFolder(Path target, Path root, TargetLock lock) {
        this.target = target;
        this.root = root;
        this.lock = lock;
        atExit = new Thread(this::atExit, "delete-partial-bundle");
    }

    /**
     * Takes the folder, and makes it and the target's parent where they are missing.
     *
     * @throws FailureException when another export has it, or something lies there that no export left
     */
    static StagingFolder beside(Path target) throws IOException {
        Path parent = Objects.requireNonNull(target.getParent());
        Files.createDirectories(parent);
        Path root = parent.resolve("." + target.getFileName() + ".partial");
        TargetLock lock = TargetLock.take(parent.resolve("." + target.getFileName() + ".lock"), target);
        try {
            refuseForeign(root);
            Files.createDirectories(root.resolve(BUNDLE));
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
        StagingFolder staging = new StagingFolder(target, root, lock);
        Runtime.getRuntime().addShutdownHook(staging.atExit);
        return staging;
    }

    private static void refuseForeign(Path root) throws IOException {
        if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> entries = Files.list(root)) {
            if (entries.allMatch(
                    entry -> OURS.matcher(entry.getFileName().toString()).matches())) {
                return;
            }
        }
        throw new FailureException(
                new Failure.Invalid("out", root + " is in the way and no unfinished export: move it elsewhere"));
    }

    /** The bundle-to-be. */
    Path bundle() {
        return root.resolve(BUNDLE);
    }

    /** A file of the bundle-to-be. */
    Path file(String name) {
        return bundle().resolve(name);
    }

    /** The folder for what is needed meanwhile. */
    Path root() {
        return root;
    }

    /** Removes all that an earlier export left. */
    void clear() throws IOException {
        mine = true;
        PassingFolder.delete(root);
        Files.createDirectories(bundle());
    }

    /** Bytes of all that lies here. */
    long bytes() throws IOException {
        try (Stream<Path> entries = Files.walk(root)) {
            return entries.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    /** Goes on with what an earlier export left. */
    void adopt() {
        mine = true;
    }

    /** Takes back what this export has made; what an earlier one left, and this one has not touched, stays. */
    void discard() {
        if (mine) {
            PassingFolder.delete(root);
        }
    }

    /** Whether this is more than a fresh beginning, so that it stays when the process ends before the bundle is made. */
    boolean isKept() {
        return FinishedLayers.areIn(root);
    }

    /** What to tell when a file of the bundle could not be written, on a full disk for example. */
    static IOException unwritten(Path file, long bytes, IOException cause) {
        return new IOException(
                file.getFileName() + " of " + bytes + " bytes cannot be written: " + FileReason.of(cause), cause);
    }

    /** Puts the finished bundle in the target's place; an older bundle there disappears. Everything is on disk then. */
    void commit() throws IOException {
        force(bundle());
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            PassingFolder.delete(root.resolve(REPLACED));
            Files.move(target, root.resolve(REPLACED), StandardCopyOption.ATOMIC_MOVE);
        }
        Files.move(bundle(), target, StandardCopyOption.ATOMIC_MOVE);
        force(Objects.requireNonNull(target.getParent()));
        PassingFolder.delete(root);
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            return; // The process is ending: the hook does it.
        }
        end();
    }

    /** What is kept may still be written to: nobody is let in before the process is gone. */
    private void atExit() {
        if (!isKept()) {
            end();
        }
    }

    private void end() {
        if (!isKept()) {
            PassingFolder.delete(root);
        }
        try {
            lock.close();
        } catch (IOException e) {
            // The lock ends with the process.
        }
    }

    /** Forces a folder's entries, or a file's bytes, to the disk. */
    static void force(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
