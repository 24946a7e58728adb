package belle.export.delta;

import belle.export.checkpoint.Progress;
import belle.export.files.NewFolders;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.FileReason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file of BELLE's LLaMA models as it is published, {@code NAME.<sha256>.enc}: the plain file's SHA-256, then the plain
 * file XOR a key, which is a file of the original LLaMA weights. Both are read in chunks of 10 MiB; the key begins again at
 * its end, and a chunk of it that is shorter than that of the data is repeated within the chunk (BELLE, models/README).
 *
 * @param path where it lies
 * @param name of the plain file
 * @param hash of the plain file, in hexadecimal digits
 */
public record EncryptedFile(Path path, String name, String hash) {
    private static final Pattern FORM = Pattern.compile("(.+)\\.([0-9a-f]{64})\\.enc");
    private static final int HASH_BYTES = 32;
    private static final int CHUNK = 10 << 20;

    /** One chunk is read and decrypted while the one before is hashed. */
    private static final int BUFFERS = 2;

    /** Tells what {@code path} is by its name; empty when it is no such file. */
    public static Optional<EncryptedFile> of(Path path) {
        Matcher form = FORM.matcher(path.getFileName().toString());
        return form.matches() ? Optional.of(new EncryptedFile(path, form.group(1), form.group(2))) : Optional.empty();
    }

    /**
     * Decrypts it into {@code folder}, which is made. The plain file has its name once its hash was seen to be right; until
     * then it is {@code .NAME.partial}, and nothing of it stays behind when it is not.
     *
     * @param key the file of the original weights
     * @return the plain file
     * @throws FailureException when there is such a file already, the key is another one, or either cannot be read
     */
    public Path decrypt(Path key, Path folder, Progress progress) {
        Path target = folder.resolve(name);
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            throw new FailureException(new Failure.Invalid("out", target + " is already there"));
        }
        try (FileChannel in = open(path);
                FileChannel keyIn = open(key)) {
            refuseForeign(in);
            if (keyIn.size() == 0) {
                throw new FailureException(new Failure.Broken(key.toString(), "key", "is empty"));
            }
            NewFolders made = NewFolders.make(folder);
            try {
                write(in, key, keyIn, target, progress);
            } catch (FailureException | IOException e) {
                made.takeBack();
                throw e;
            }
            return target;
        } catch (IOException e) {
            throw new FailureException(new Failure.Broken(path.toString(), "decrypt", FileReason.of(e)), e);
        }
    }

    private static FileChannel open(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new FailureException(new Failure.Broken(file.toString(), "decrypt", "is a folder and no file"));
        }
        return FileChannel.open(file, StandardOpenOption.READ);
    }

    /** Refuses a file that is no such one, whatever its name says. */
    private void refuseForeign(FileChannel in) throws IOException {
        if (in.size() < HASH_BYTES) {
            throw broken("is too short: " + in.size() + " bytes");
        }
        byte[] announced = new byte[HASH_BYTES];
        fill(in, 0, announced, HASH_BYTES);
        if (!HexFormat.of().formatHex(announced).equals(hash)) {
            throw broken("announces another hash than its name has");
        }
    }

    private void write(FileChannel in, Path key, FileChannel keyIn, Path target, Progress progress) throws IOException {
        Path partial = target.resolveSibling("." + name + ".partial");
        try (FileChannel out = FileChannel.open(partial, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            if (!locked(out)) {
                throw new FailureException(new Failure.Unavailable("another process is decrypting to " + target));
            }
            try {
                out.truncate(0);
                String is = HexFormat.of().formatHex(decrypt(in, in.size() - HASH_BYTES, keyIn, out, progress));
                if (!is.equals(hash)) {
                    throw broken("is not decrypted by " + key + ": the result's SHA-256 is " + is
                            + "; the key is another file than it was made with, or one of the two is damaged");
                }
                out.force(true);
                Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
            } catch (FailureException | IOException e) {
                Files.deleteIfExists(partial);
                throw e;
            }
        }
    }

    private static boolean locked(FileChannel out) throws IOException {
        try {
            return out.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false; // This process holds it itself.
        }
    }

    private static byte[] decrypt(FileChannel in, long size, FileChannel keyIn, FileChannel out, Progress progress)
            throws IOException {
        MessageDigest digest = sha256();
        byte[][] buffers = new byte[BUFFERS][(int) Math.min(CHUNK, Math.max(size, 1))];
        byte[] key = new byte[(int) Math.min(CHUNK, keyIn.size())];
        long keyChunks = (keyIn.size() + CHUNK - 1) / CHUNK;
        CompletableFuture<Void> hashed = CompletableFuture.completedFuture(null);
        CompletableFuture<Void> before = hashed;
        int chunk = 0;
        progress.advanced(0, size);
        for (long done = 0; done < size; chunk++) {
            before.join(); // Whoever hashed this buffer's last chunk.
            byte[] data = buffers[chunk % BUFFERS];
            int count = (int) Math.min(CHUNK, size - done);
            fill(in, HASH_BYTES + done, data, count);
            long keyAt = chunk % keyChunks * CHUNK;
            int keyCount = (int) Math.min(CHUNK, keyIn.size() - keyAt);
            fill(keyIn, keyAt, key, keyCount);
            xor(data, count, key, keyCount);
            write(out, data, count);
            before = hashed;
            hashed = hashed.thenRunAsync(() -> digest.update(data, 0, count));
            done += count;
            progress.advanced(done, size);
        }
        hashed.join();
        return digest.digest();
    }

    private static void xor(byte[] data, int count, byte[] key, int keyCount) {
        for (int at = 0; at < count; at += keyCount) {
            int end = Math.min(keyCount, count - at);
            for (int i = 0; i < end; i++) {
                data[at + i] ^= key[i];
            }
        }
    }

    private static void fill(FileChannel from, long at, byte[] target, int count) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(target, 0, count);
        while (buffer.hasRemaining()) {
            if (from.read(buffer, at + buffer.position()) < 0) {
                throw new IOException("became shorter while it was read");
            }
        }
    }

    private static void write(FileChannel to, byte[] data, int count) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(data, 0, count);
        while (buffer.hasRemaining()) {
            to.write(buffer);
        }
    }

    private FailureException broken(String problem) {
        return new FailureException(new Failure.Broken(path.toString(), "decrypt", problem));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has it", e);
        }
    }
}
