package belle.faults.cluster;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file system in memory that is soon full (Linux, root), until it is closed. */
record SmallDisk(Path folder) implements AutoCloseable {
    private static final String SIZE = "192m";
    private static final int PIECE = 1 << 16;

    /**
     * Mounts it at {@code folder}, which is made.
     *
     * @throws IOException where that is not permitted
     */
    static SmallDisk mount(Path folder) throws IOException {
        Files.createDirectories(folder);
        Shell.run("mount", "-t", "tmpfs", "-o", "size=" + SIZE, "belle-faults", folder.toString());
        return new SmallDisk(folder);
    }

    /** Leaves no room on it. */
    void fill() throws IOException {
        byte[] piece = new byte[PIECE];
        try (OutputStream filler = Files.newOutputStream(filler())) {
            while (true) {
                filler.write(piece);
            }
        } catch (IOException e) {
            if (folder.toFile().getUsableSpace() >= PIECE) {
                throw e;
            }
        }
    }

    /** Undoes {@link #fill}. */
    void empty() throws IOException {
        Files.deleteIfExists(filler());
    }

    private Path filler() {
        return folder.resolve("filler");
    }

    @Override
    public void close() {
        Shell.attempt("umount", "--lazy", folder.toString());
    }
}
