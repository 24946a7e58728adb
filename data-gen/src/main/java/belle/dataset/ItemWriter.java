package belle.dataset;

import belle.dataset.ItemFile.Layout;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.zip.GZIPOutputStream;

/**
 * Writes items to a file that appears, whole, when {@link #finish} is called; closed before, it leaves nothing behind. A name that
 * ends in {@code .gz} is compressed. The opener closes it.
 */
public final class ItemWriter implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path file;
    private final Path next;
    private final Layout layout;
    private final FileChannel channel;
    private final OutputStream out;
    private long items;

    public ItemWriter(Path file, Layout layout) throws IOException {
        this.file = file;
        this.layout = layout;
        next = file.resolveSibling(file.getFileName() + ".next");
        channel = FileChannel.open(
                next, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
        OutputStream bytes = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
        out = file.toString().endsWith(".gz") ? new GZIPOutputStream(bytes, 1 << 16) : bytes;
    }

    /** Writes an item: a tree, or a record. */
    public void write(Object item) throws IOException {
        if (layout == Layout.ARRAY) {
            out.write(items == 0 ? '[' : ',');
            out.write('\n');
        }
        out.write(JSON.writeValueAsBytes(item));
        if (layout == Layout.LINES) {
            out.write('\n');
        }
        items++;
    }

    public long items() {
        return items;
    }

    /** Gives the file its name. */
    public void finish() throws IOException {
        if (layout == Layout.ARRAY) {
            out.write((items == 0 ? "[\n]\n" : "\n]\n").getBytes(StandardCharsets.US_ASCII));
        }
        if (out instanceof GZIPOutputStream compressed) {
            compressed.finish();
        }
        out.flush();
        channel.force(true);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void close() throws IOException {
        channel.close();
        Files.deleteIfExists(next);
    }
}
