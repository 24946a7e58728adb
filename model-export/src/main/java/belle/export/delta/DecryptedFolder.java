package belle.export.delta;

import belle.export.checkpoint.Progress;
import belle.export.files.PassingFolder;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.FileReason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A published folder of BELLE's LLaMA models, decrypted to a temporary one. Closing it deletes that. */
public final class DecryptedFolder implements AutoCloseable {
    private final PassingFolder temporary;
    private final Path path;

    private DecryptedFolder(PassingFolder temporary, Path name) {
        this.temporary = temporary;
        this.path = temporary.path().resolve(name);
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
        try {
            List<Path> files = listed(published);
            List<EncryptedFile> encrypted = files.stream()
                    .flatMap(file -> EncryptedFile.of(file).stream())
                    .toList();
            if (encrypted.isEmpty()) {
                throw new FailureException(
                        new Failure.Invalid("key", published + " has no file NAME.<sha256>.enc that a key belongs to"));
            }
            var folder = new DecryptedFolder(
                    PassingFolder.beside(near, "decrypted"),
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
            throw new FailureException(new Failure.Broken(published.toString(), "decrypt", FileReason.of(e)), e);
        }
    }

    private static List<Path> listed(Path published) throws IOException {
        try (Stream<Path> entries = Files.list(published)) {
            return entries.sorted().toList();
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
        temporary.close();
    }
}
