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
final class SharedLogits implements LogitsMemory, AutoCloseable {
    private final int columns;
    private final FileChannel file;
    private FloatBuffer values = FloatBuffer.allocate(0);

    private SharedLogits(int columns, FileChannel file) {
        this.columns = columns;
        this.file = file;
    }

    static SharedLogits open(Path file, int columns) throws IOException {
        return new SharedLogits(columns, FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    @Override
    public int columns() {
        return columns;
    }

    @Override
    public FloatBuffer of(int rows) {
        int wanted = Math.multiplyExact(rows, columns);
        values = values.capacity() < wanted
                ? mapped(Math.multiplyExact((long) columns, PackedStep.grown(rows)))
                : values.clear();
        return values.limit(wanted);
    }

    private FloatBuffer mapped(long floats) {
        try {
            return file.map(MapMode.READ_WRITE, 0, floats * Float.BYTES)
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
