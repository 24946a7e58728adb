package belle.export.bundle;

import belle.proto.Failure;
import belle.proto.FailureException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** A locked file that says that a target is being made. The lock ends with the process, the file with the lock. */
final class TargetLock implements AutoCloseable {
    /** The system keeps one process's locks together: what this one holds, it must know by itself. */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path file;
    private final FileChannel locked;
    /** Closed last: closing any channel of a file gives up the process's locks on it. */
    private final FileChannel found;

    private TargetLock(Path file, FileChannel locked, FileChannel found) {
        this.file = file;
        this.locked = locked;
        this.found = found;
    }

    /**
     * Locks {@code file}, which is made where it is missing.
     *
     * @throws FailureException {@link Failure.Unavailable} when somebody has it, for {@code target}
     */
    static TargetLock take(Path file, Path target) throws IOException {
        if (!HELD.add(file)) {
            throw taken(target);
        }
        Optional<TargetLock> lock = Optional.empty();
        try {
            while (lock.isEmpty()) {
                lock = attempt(file, target);
            }
            return lock.get();
        } finally {
            if (lock.isEmpty()) {
                HELD.remove(file);
            }
        }
    }

    /** Empty when its holder deleted the file between its being opened and its being locked here. */
    private static Optional<TargetLock> attempt(Path file, Path target) throws IOException {
        FileChannel locked = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (locked.tryLock() == null) {
                throw taken(target);
            }
            ByteBuffer mark = StandardCharsets.US_ASCII.encode(UUID.randomUUID().toString());
            locked.truncate(0).write(mark.duplicate());
            FileChannel found = FileChannel.open(file, StandardOpenOption.READ);
            ByteBuffer read = ByteBuffer.allocate(mark.remaining());
            found.read(read);
            if (read.flip().equals(mark)) {
                return Optional.of(new TargetLock(file, locked, found));
            }
            found.close();
        } catch (NoSuchFileException e) {
            // Tried again.
        } catch (IOException | RuntimeException e) {
            locked.close();
            throw e;
        }
        locked.close();
        return Optional.empty();
    }

    private static FailureException taken(Path target) {
        return new FailureException(new Failure.Unavailable("another export to " + target + " is under way"));
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(file);
        locked.close();
        found.close();
        HELD.remove(file);
    }
}
