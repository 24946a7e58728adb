package belle.runtime;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Logits in a file that a rank's process fills and the node reads. Both grow it by the same rule. Whoever opened it closes it. */
final class SharedLogits extends LogitsMemory implements AutoCloseable {
    private final FileChannel file;

    private SharedLogits(int columns, FileChannel file) {
        super(columns);
        this.file = file;
    }

    static SharedLogits open(Path file, int columns) throws IOException {
        return new SharedLogits(columns, FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    @Override
    FloatBuffer reserve(int floats) {
        try {
            return file.map(MapMode.READ_WRITE, 0, (long) floats * Float.BYTES)
                    .order(ByteOrder.nativeOrder())
                    .asFloatBuffer();
        } catch (IOException e) {
            throw new UncheckedIOException("logits of " + floats + " numbers have no memory", e);
        }
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
