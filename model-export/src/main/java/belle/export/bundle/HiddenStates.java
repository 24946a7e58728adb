package belle.export.bundle;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** What a layer is given, in a file: float32 [tokens, width] of each sequence, one behind the other. */
final class HiddenStates implements AutoCloseable {
    private final FileChannel file;
    /** Where each sequence begins, and where the last one ends, in bytes. */
    private final long[] places;

    private HiddenStates(FileChannel file, List<Integer> tokens, int width) {
        this.file = file;
        this.places = new long[tokens.size() + 1];
        for (int i = 0; i < tokens.size(); i++) {
            places[i + 1] = places[i] + (long) tokens.get(i) * width * Float.BYTES;
        }
    }

    /** Begins a file, in the place of one that may be there, for sequences of so many {@code tokens}. */
    static HiddenStates create(Path path, List<Integer> tokens, int width) throws IOException {
        return new HiddenStates(
                FileChannel.open(
                        path,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE),
                tokens,
                width);
    }

    /** Opens a file that was written for the same sequences. */
    static HiddenStates open(Path path, List<Integer> tokens, int width) throws IOException {
        return new HiddenStates(FileChannel.open(path, StandardOpenOption.READ), tokens, width);
    }

    float[] read(int sequence) throws IOException {
        ByteBuffer bytes = buffer(sequence);
        while (bytes.hasRemaining()) {
            if (file.read(bytes, places[sequence] + bytes.position()) < 0) {
                throw new EOFException("the file ends before sequence " + sequence + " does");
            }
        }
        float[] rows = new float[bytes.capacity() / Float.BYTES];
        bytes.flip().asFloatBuffer().get(rows);
        return rows;
    }

    void write(int sequence, float[] rows) throws IOException {
        ByteBuffer bytes = buffer(sequence);
        bytes.asFloatBuffer().put(rows);
        Scratch.drain(file, places[sequence], bytes);
    }

    private ByteBuffer buffer(int sequence) {
        int bytes = Math.toIntExact(places[sequence + 1] - places[sequence]);
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Forces what was written to the disk. */
    void force() throws IOException {
        file.force(true);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
