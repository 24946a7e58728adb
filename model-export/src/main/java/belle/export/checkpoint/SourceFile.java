package belle.export.checkpoint;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A file of a checkpoint, open for positioned reads. Weights are read and not mapped, so that a large checkpoint does
 * not count as this process's memory and a file that shrinks is an error instead of a fault.
 */
final class SourceFile implements AutoCloseable {
    private static final byte[] LFS_POINTER = "version https://git-lfs".getBytes(StandardCharsets.UTF_8);

    private final Path path;
    private final FileChannel channel;
    private final long bytes;

    private SourceFile(Path path, FileChannel channel, long bytes) {
        this.path = path;
        this.channel = channel;
        this.bytes = bytes;
    }

    /** Opens a regular, non-empty file (or a link to one, as download caches keep them). */
    static SourceFile open(Path path) {
        FileChannel channel = null;
        try {
            Path real = path.toRealPath();
            if (!Files.isRegularFile(real)) {
                throw Refusal.of(path, "file", Files.isDirectory(real) ? "is a folder" : "is not a regular file");
            }
            channel = FileChannel.open(real, StandardOpenOption.READ);
            SourceFile file = new SourceFile(path, channel, channel.size());
            file.refuseStandIns();
            return file;
        } catch (IOException | RuntimeException e) {
            closeQuietly(channel);
            throw e instanceof IOException io ? unreadable(path, io) : (RuntimeException) e;
        }
    }

    /** Reads a whole small text file of at most {@code limitBytes}. */
    static byte[] readSmall(Path path, int limitBytes) {
        try (SourceFile file = open(path)) {
            if (file.bytes > limitBytes) {
                throw Refusal.of(path, "size", "limit %d bytes, given %d", limitBytes, file.bytes);
            }
            return file.read(0, (int) file.bytes, "file");
        }
    }

    Path path() {
        return path;
    }

    long bytes() {
        return bytes;
    }

    /** Returns {@code count} bytes from {@code offset} on; {@code field} is named when they are not there. */
    byte[] read(long offset, int count, String field) {
        byte[] read = new byte[count];
        read(offset, ByteBuffer.wrap(read), field);
        return read;
    }

    /** Fills {@code target} up to its limit with the bytes from {@code offset} on. */
    void read(long offset, ByteBuffer target, String field) {
        long at = offset;
        try {
            while (target.hasRemaining()) {
                int got = channel.read(target, at);
                if (got < 0) {
                    throw Refusal.of(path, field, "the file ends at byte %d, byte %d is needed", bytes, at);
                }
                at += got;
            }
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }

    /** Maps {@code [offset, offset + count)} for as long as {@code arena} lives. */
    MemorySegment map(long offset, long count, Arena arena) {
        try {
            return channel.map(FileChannel.MapMode.READ_ONLY, offset, count, arena);
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }

    @Override
    public void close() {
        closeQuietly(channel);
    }

    private void refuseStandIns() {
        if (bytes == 0) {
            throw Refusal.of(path, "file", "is empty");
        }
        byte[] start = read(0, (int) Math.min(bytes, LFS_POINTER.length), "file");
        if (Arrays.equals(start, LFS_POINTER)) {
            throw Refusal.of(path, "file", "is a Git LFS pointer and not the file itself; fetch it with git lfs pull");
        }
    }

    /** The refusal of a path whose reading failed. */
    static RuntimeException unreadable(Path path, IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> Refusal.of(path, "file", "there is no such file");
            case FileSystemException f
            when f.getReason() != null -> Refusal.of(path, "file", "cannot be read: %s", f.getReason());
            default -> Refusal.of(path, "file", "cannot be read: %s", e);
        };
    }

    private static void closeQuietly(@Nullable FileChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException _) {
            // Closing a file that was only read loses nothing.
        }
    }
}
