package belle.export.delta;

import belle.export.checkpoint.Progress;
import belle.proto.Failure;
import belle.proto.FailureException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A published folder of BELLE's LLaMA models, decrypted to a temporary one. Closing it deletes that. */
public final class DecryptedFolder implements AutoCloseable {
    private final Path temporary;
    private final Path path;

    private DecryptedFolder(Path temporary, Path name) {
        this.temporary = temporary;
        this.path = temporary.resolve(name);
    }

    /**
     * Decrypts every {@code .enc} file of {@code published}; all others are linked.
     *
     * @param key the file of the original weights
     * @param near a path beside which there is room for the plain files
     * @param progress hears the bytes of all files together
     * @throws FailureException when there is none, or one of them is not decrypted by this key
     */
    public static DecryptedFolder of(Path published, Path key, Path near, Progress progress) {
        try (Stream<Path> listed = Files.list(published)) {
            List<Path> files = listed.sorted().toList();
            List<EncryptedFile> encrypted = files.stream()
                    .flatMap(file -> EncryptedFile.of(file).stream())
                    .toList();
            if (encrypted.isEmpty()) {
                throw new FailureException(
                        new Failure.Invalid("key", published + " has no file NAME.<sha256>.enc that a key belongs to"));
            }
            Path parent = near.toAbsolutePath().normalize().getParent();
            Files.createDirectories(parent);
            var folder = new DecryptedFolder(
                    Files.createTempDirectory(parent, ".decrypted-"),
                    published.toAbsolutePath().normalize().getFileName());
            try {
                Files.createDirectory(folder.path);
                folder.fill(files, encrypted, key, progress);
                return folder;
            } catch (IOException | RuntimeException e) {
                folder.close();
                throw e;
            }
        } catch (IOException e) {
            throw new FailureException(new Failure.Broken(published.toString(), "decrypt", String.valueOf(e)), e);
        }
    }

    private void fill(List<Path> files, List<EncryptedFile> encrypted, Path key, Progress progress) throws IOException {
        for (Path file : files) {
            if (EncryptedFile.of(file).isEmpty()) {
                Files.createSymbolicLink(path.resolve(file.getFileName()), file.toAbsolutePath());
            }
        }
        long total = 0;
        for (EncryptedFile file : encrypted) {
            total += Files.size(file.path());
        }
        long before = 0;
        for (EncryptedFile file : encrypted) {
            long begin = before;
            long all = total;
            file.decrypt(key, path, (done, _) -> progress.advanced(begin + done, all));
            before += Files.size(file.path());
        }
        progress.advanced(total, total);
    }

    /** Returns the folder with the plain files. */
    public Path path() {
        return path;
    }

    @Override
    public void close() {
        try (Stream<Path> entries = Files.walk(temporary)) {
            for (Path entry : entries.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(entry);
            }
        } catch (NoSuchFileException e) {
            // Nothing is left to delete.
        } catch (IOException e) {
            throw new FailureException(new Failure.Broken(temporary.toString(), "delete", String.valueOf(e)), e);
        }
    }
}
