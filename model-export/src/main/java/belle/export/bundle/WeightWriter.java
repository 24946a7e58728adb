package belle.export.bundle;

import belle.export.bundle.Recipe.Computed;
import belle.export.bundle.Recipe.Order;
import belle.export.bundle.Recipe.Rows;
import belle.export.bundle.Recipe.Taken;
import belle.export.bundle.WeightPlan.Planned;
import belle.export.checkpoint.Checkpoint;
import belle.proto.bundle.Manifest.TensorEntry;
import belle.proto.bundle.WeightType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Writes weights.bin: all cores, each with one bounded piece of one tensor in memory (64 rows of a matrix), at its place
 * in the file.
 */
final class WeightWriter {
    private static final int TILE = WeightType.TILE;
    /** Elements that rows, vectors and tables are moved by. */
    private static final int PIECE_ELEMENTS = 1 << 18;

    private final Checkpoint checkpoint;
    private final Storage storage;
    private final FileChannel file;
    private final ExportMeter meter;
    private final Queue<Scratch> idle = new ConcurrentLinkedQueue<>();

    private WeightWriter(Checkpoint checkpoint, Storage storage, FileChannel file, ExportMeter meter) {
        this.checkpoint = checkpoint;
        this.storage = storage;
        this.file = file;
        this.meter = meter;
    }

    /** Knows which tensors are in the file already, and hears of those that come into it. */
    interface Finished {
        boolean has(Planned tensor);

        /** {@code tensor} is in {@code weights}, open as {@code file}, though perhaps not on the disk. */
        void written(Planned tensor, Path weights, FileChannel file) throws IOException;
    }

    /** Nothing is there before, and nobody needs to know. */
    private static final Finished NOTHING = new Finished() {
        @Override
        public boolean has(Planned tensor) {
            return false;
        }

        @Override
        public void written(Planned tensor, Path weights, FileChannel file) {}
    };

    /** Writes all tensors of {@code plan} to a file and forces it to the disk. */
    static void write(Checkpoint checkpoint, WeightPlan plan, Path target, ExportMeter meter) throws IOException {
        write(checkpoint, plan, target, meter, NOTHING);
    }

    /** The same for a file that may have some of them. */
    static void write(Checkpoint checkpoint, WeightPlan plan, Path target, ExportMeter meter, Finished finished)
            throws IOException {
        try (FileChannel file = FileChannel.open(target, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            WeightWriter writer = new WeightWriter(checkpoint, plan.storage(), file, meter);
            for (Planned tensor : plan.tensors()) {
                if (finished.has(tensor)) {
                    meter.advanced(tensor.entry().bytes());
                } else {
                    writer.tensor(tensor);
                    finished.written(tensor, target, file);
                }
            }
            file.force(true);
        } catch (UncheckedIOException e) {
            throw StagingFolder.unwritten(target, plan.bytes(), Objects.requireNonNull(e.getCause()));
        } catch (IOException e) {
            throw StagingFolder.unwritten(target, plan.bytes(), e);
        }
    }

    private void tensor(Planned tensor) {
        TensorEntry entry = tensor.entry();
        int rows = entry.dims().getFirst();
        switch (tensor.recipe()) {
            case Order(var matrix) -> listed(tensor, matrix.order());
            case Computed(var table) -> pieces(rows, rowsAPiece(entry), row -> computed(tensor, table, row));
            case Taken(var parts) -> {
                Rows only = parts.getFirst();
                Storage.Matrix matrix = storage.matrices().get(tensor.name());
                if (matrix != null) {
                    matrix.source().prepare();
                    pieces(rows, TILE, row -> quantised(tensor, matrix, only, row));
                } else if (entry.layout().equals("tiles64")) {
                    pieces(rows, TILE, row -> tile(tensor, only, row));
                } else {
                    int first = 0;
                    for (Rows part : parts) {
                        int begin = first;
                        pieces(part.count(), rowsAPiece(entry), row -> copied(tensor, part, begin, row));
                        first += part.count();
                    }
                }
            }
        }
    }

    private static void pieces(int rows, int rowsAPiece, IntConsumer work) {
        IntStream.range(0, Math.ceilDiv(rows, rowsAPiece)).parallel().forEach(piece -> work.accept(piece * rowsAPiece));
    }

    private static int rowsAPiece(TensorEntry entry) {
        return Math.max(1, PIECE_ELEMENTS / columns(entry));
    }

    private static int columns(TensorEntry entry) {
        return entry.dims().size() == 2 ? entry.dims().getLast() : 1;
    }

    private void computed(Planned tensor, Recipe.Table table, int row) {
        TensorEntry entry = tensor.entry();
        int columns = columns(entry);
        int rows = Math.min(rowsAPiece(entry), entry.dims().getFirst() - row);
        try (Lease lease = lease(rows * columns)) {
            float[] values = lease.scratch.values;
            for (int i = 0; i < rows * columns; i++) {
                values[i] = table.at(row + i / columns, i % columns);
            }
            write(tensor, lease.scratch, (long) row * columns, 0, rows * columns);
        }
    }

    private void copied(Planned tensor, Rows part, int begin, int row) {
        int columns = columns(tensor.entry());
        int rows = Math.min(rowsAPiece(tensor.entry()), part.count() - row);
        try (Lease lease = lease(rows * columns)) {
            read(part, row, rows, columns, lease.scratch.values);
            write(tensor, lease.scratch, (long) (begin + row) * columns, 0, rows * columns);
        }
    }

    /** One column tile: 64 rows of the checkpoint become [K][64], cut into the leaves' [K_i][64] where there are any. */
    private void tile(Planned tensor, Rows part, int row) {
        TensorEntry entry = tensor.entry();
        int columns = columns(entry);
        int rows = Math.min(TILE, part.count() - row);
        try (Lease lease = lease(2 * TILE * columns)) {
            Scratch scratch = lease.scratch;
            read(part, row, rows, columns, scratch.values);
            transpose(scratch.values, rows, columns);
            TileLeaves.each(
                    entry,
                    1,
                    row / TILE,
                    (from, to, before) ->
                            write(tensor, scratch, before * TILE, (columns + from) * TILE, (to - from) * TILE));
        }
    }

    /** One column tile of codes, scales and zeros, leaf behind leaf where there are any. */
    private void quantised(Planned tensor, Storage.Matrix matrix, Rows part, int row) {
        TensorEntry entry = tensor.entry();
        int group = storage.group();
        int rows = Math.min(TILE, part.count() - row);
        QuantisedTile tile = new QuantisedTile(matrix.source(), matrix.type(), group, rows);
        part.runs(row, rows, (source, count, at) -> matrix.source().read(source, count, tile.values(), at));
        TileLeaves.each(entry, group, row / TILE, (from, to, before) -> {
            try {
                long position = entry.offset() + before * matrix.type().blockBytes(group);
                meter.advanced(tile.write(file, position, from, to));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private void listed(Planned tensor, List<Integer> numbers) {
        var bytes = ByteBuffer.allocate(numbers.size() * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        numbers.forEach(bytes::putInt);
        try {
            meter.advanced(Scratch.drain(file, tensor.entry().offset(), bytes.flip()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Turns {@code values[0, 64 K)}, row by row, into {@code values[64 K, 128 K)}, column by column. In blocks of 16
     * columns: a cache line of each of the 64 rows is read once.
     */
    private static void transpose(float[] values, int rows, int columns) {
        int out = TILE * columns;
        for (int block = 0; block < columns; block += 16) {
            int end = Math.min(block + 16, columns);
            for (int row = 0; row < TILE; row++) {
                for (int column = block; column < end; column++) {
                    values[out + column * TILE + row] = row < rows ? values[row * columns + column] : 0;
                }
            }
        }
    }

    private void read(Rows part, int row, int rows, int columns, float[] into) {
        part.runs(
                row,
                rows,
                (source, count, at) ->
                        checkpoint.read(part.tensor(), (long) source * columns, into, at * columns, count * columns));
    }

    private void write(Planned tensor, Scratch scratch, long element, int from, int count) {
        TensorEntry entry = tensor.entry();
        boolean half = entry.type().equals("f16");
        long at = entry.offset() + element * (half ? 2 : 4);
        try {
            meter.advanced(
                    half
                            ? scratch.writeHalves(file, at, from, count, tensor.name())
                            : scratch.writeFloats(file, at, from, count));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Lease lease(int elements) {
        Scratch scratch = idle.poll();
        return new Lease(scratch == null || scratch.values.length < elements ? new Scratch(elements) : scratch);
    }

    private final class Lease implements AutoCloseable {
        private final Scratch scratch;

        Lease(Scratch scratch) {
            this.scratch = scratch;
        }

        @Override
        public void close() {
            idle.add(scratch);
        }
    }
}
