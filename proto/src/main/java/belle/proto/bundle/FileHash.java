package belle.proto.bundle;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.stream.IntStream;

/** SHA-256 of files, in hexadecimal: plain, or over the hashes of chunks so that all cores can work on one file. */
public final class FileHash {
    /** Chunk size of large files. */
    public static final long CHUNK_BYTES = 16L << 20;

    private static final int READ_BYTES = 1 << 18;

    private FileHash() {}

    /** Returns the hash of {@code bytes}. */
    public static String of(byte[] bytes) {
        return hex(sha256().digest(bytes));
    }

    /** Returns the hash of a file's bytes, read by one thread. */
    public static String plain(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return hex(digest(channel, 0, channel.size()));
        }
    }

    /** Returns the hash of {@code bytes} of a file's bytes from {@code from} on, read by one thread. */
    public static String part(Path file, long from, long bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return hex(digest(channel, from, bytes));
        }
    }

    /** Returns the hash of the concatenated (binary) hashes of the file's chunks, read by all cores. */
    public static String chunked(Path file, long chunkBytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            int chunks = Math.toIntExact((size + chunkBytes - 1) / chunkBytes);
            byte[][] digests = new byte[chunks][];
            IntStream.range(0, chunks).parallel().forEach(i -> {
                long from = i * chunkBytes;
                try {
                    digests[i] = digest(channel, from, Math.min(chunkBytes, size - from));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            MessageDigest all = sha256();
            for (byte[] digest : digests) {
                all.update(digest);
            }
            return hex(all.digest());
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static byte[] digest(FileChannel channel, long from, long bytes) throws IOException {
        MessageDigest digest = sha256();
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(READ_BYTES, bytes));
        for (long at = from; at < from + bytes; ) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), from + bytes - at));
            int read = channel.read(buffer, at);
            if (read < 0) {
                throw new EOFException("the file became shorter while it was read");
            }
            digest.update(buffer.flip());
            at += read;
        }
        return digest.digest();
    }

    private static String hex(byte[] digest) {
        return HexFormat.of().formatHex(digest);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
