package belle.export.bundle;

import belle.export.graph.PortableTensor;
import belle.export.graph.PortableTensor.Format;
import belle.proto.bundle.Manifest.TensorEntry;
import belle.proto.bundle.WeightType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Writes portable.bin out of weights.bin: the same numbers, or the same codes, scales and zeros, with rows where the other
 * has tiles. All cores, each with one tile of 64 outputs in memory.
 */
final class PortableWriter {
    private static final int TILE = StoredMatrix.TILE;
    private static final int LARGEST_NIBBLE = 15;
    /** Elements that tables and vectors are moved by. */
    private static final int PIECE_ELEMENTS = 1 << 18;

    private final MemorySegment weights;
    private final Map<String, TensorEntry> entries;
    private final int group;
    private final FileChannel file;

    private PortableWriter(MemorySegment weights, Map<String, TensorEntry> entries, int group, FileChannel file) {
        this.weights = weights;
        this.entries = entries;
        this.group = group;
        this.file = file;
    }

    /** Returns the matrices of 4 bits that have a zero above 15. */
    static Set<String> wideZeros(Path weights, Map<String, TensorEntry> entries, int group) throws IOException {
        Set<String> wide = new HashSet<>();
        try (Arena arena = Arena.ofShared()) {
            MemorySegment mapped = map(weights, arena);
            entries.forEach((name, entry) -> {
                if (entry.type().equals(WeightType.Q4.label())) {
                    StoredMatrix matrix = new StoredMatrix(mapped, entry, group);
                    boolean any =
                            IntStream.range(0, matrix.tiles()).parallel().anyMatch(tile -> hasWideZero(matrix, tile));
                    if (any) {
                        wide.add(name);
                    }
                }
            });
        }
        return wide;
    }

    private static boolean hasWideZero(StoredMatrix matrix, int tile) {
        byte[] zeros = matrix.quantised(tile).zeros();
        for (int i = 0; i < matrix.rows(tile) * matrix.groups(); i++) {
            if ((zeros[i] & 0xff) > LARGEST_NIBBLE) {
                return true;
            }
        }
        return false;
    }

    /**
     * Writes all of {@code tensors} and forces them to the disk.
     *
     * @param entries of {@code weights}, which is weights.bin
     * @throws belle.proto.FailureException for a number that float16 cannot hold, naming the tensor
     */
    static void write(
            Path weights,
            Map<String, TensorEntry> entries,
            int group,
            List<PortableTensor> tensors,
            Path target,
            ExportMeter meter)
            throws IOException {
        try (Arena arena = Arena.ofShared();
                FileChannel file = FileChannel.open(target, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            PortableWriter writer = new PortableWriter(map(weights, arena), entries, group, file);
            for (PortableTensor tensor : tensors) {
                writer.tensor(tensor);
                meter.advanced(tensor.bytes());
            }
            file.force(true);
        } catch (UncheckedIOException e) {
            throw StagingFolder.unwritten(target, bytes(tensors), Objects.requireNonNull(e.getCause()));
        } catch (IOException e) {
            throw StagingFolder.unwritten(target, bytes(tensors), e);
        }
    }

    /** Bytes of the file with these tensors in it. */
    static long bytes(List<PortableTensor> tensors) {
        PortableTensor last = tensors.getLast();
        return last.offset() + last.bytes();
    }

    private static MemorySegment map(Path weights, Arena arena) throws IOException {
        try (FileChannel file = FileChannel.open(weights)) {
            return file.map(MapMode.READ_ONLY, 0, file.size(), arena);
        }
    }

    private void tensor(PortableTensor tensor) {
        long at = tensor.offset();
        long total = tensor.sources().stream()
                .mapToLong(name -> entry(name).dims().getFirst())
                .sum();
        long rowBytes = tensor.bytes() / total;
        for (String source : tensor.sources()) {
            TensorEntry entry = entry(source);
            if (entry.layout().equals("tiles64")) {
                StoredMatrix matrix = new StoredMatrix(weights, entry, group);
                long first = at;
                IntStream.range(0, matrix.tiles())
                        .parallel()
                        .forEach(tile -> tile(tensor, matrix, tile, first + (long) tile * TILE * rowBytes));
            } else {
                plain(tensor, entry, at);
            }
            at += entry.dims().getFirst() * rowBytes;
        }
    }

    private void tile(PortableTensor tensor, StoredMatrix matrix, int tile, long at) {
        int rows = matrix.rows(tile);
        switch (tensor.format()) {
            case F32, F16 -> {
                Scratch scratch = new Scratch(TILE * matrix.inputs());
                matrix.numbers(tile, scratch.values);
                floats(tensor, scratch, rows * matrix.inputs(), at);
            }
            case SCALES_F32, SCALES_F16 -> {
                Scratch scratch = new Scratch(TILE * matrix.groups());
                float[] scales = matrix.quantised(tile).scales();
                System.arraycopy(scales, 0, scratch.values, 0, scales.length);
                floats(tensor, scratch, rows * matrix.groups(), at);
            }
            case CODES_8 -> bytes(matrix.quantised(tile).codes(), rows * matrix.groups() * group, at);
            case CODES_4 -> nibbles(matrix.quantised(tile).codes(), rows, matrix.groups() * group, at);
            case ZEROS_8 -> bytes(matrix.quantised(tile).zeros(), rows * matrix.groups(), at);
            case ZEROS_4 -> nibbles(matrix.quantised(tile).zeros(), rows, matrix.groups(), at);
            case I32 -> throw new IllegalStateException(tensor.name() + " is a matrix and no list of places");
        }
    }

    /** A vector or a table: the same numbers in the same order. */
    private void plain(PortableTensor tensor, TensorEntry entry, long at) {
        long elements = 1;
        for (int dim : entry.dims()) {
            elements *= dim;
        }
        WeightType type = WeightType.of(entry.type()).orElseThrow();
        int size = type.bits() / Byte.SIZE;
        Scratch scratch = new Scratch((int) Math.min(elements, PIECE_ELEMENTS));
        for (long from = 0; from < elements; from += PIECE_ELEMENTS) {
            int count = (int) Math.min(PIECE_ELEMENTS, elements - from);
            MemorySegment piece = weights.asSlice(entry.offset() + from * size, (long) count * size);
            long to = at + from * tensor.bytes() / elementsOf(tensor);
            if (tensor.format() == Format.I32) {
                drain(piece.asByteBuffer(), to);
            } else {
                read(piece, type, scratch.values, count);
                floats(tensor, scratch, count, to);
            }
        }
    }

    private long elementsOf(PortableTensor tensor) {
        return tensor.bytes() / (tensor.format() == Format.F16 ? Short.BYTES : Float.BYTES);
    }

    private static void read(MemorySegment piece, WeightType type, float[] into, int count) {
        if (type == WeightType.F16) {
            var halves = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < count; i++) {
                into[i] = Float.float16ToFloat(piece.get(halves, (long) i * Short.BYTES));
            }
        } else {
            piece.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(into, 0, count);
        }
    }

    private void floats(PortableTensor tensor, Scratch scratch, int count, long at) {
        try {
            if (tensor.format() == Format.F16 || tensor.format() == Format.SCALES_F16) {
                scratch.writeHalves(file, at, 0, count, tensor.name());
            } else {
                scratch.writeFloats(file, at, 0, count);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void bytes(byte[] values, int count, long at) {
        drain(ByteBuffer.wrap(values, 0, count), at);
    }

    /** Two values a byte, the first in the lower half; a row of an odd number ends with half a byte of 0. */
    private void nibbles(byte[] values, int rows, int columns, long at) {
        ByteBuffer packed = ByteBuffer.allocate(rows * Math.ceilDiv(columns, 2));
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column += 2) {
                int low = values[row * columns + column];
                int high = column + 1 < columns ? values[row * columns + column + 1] : 0;
                packed.put((byte) (low | high << 4));
            }
        }
        drain(packed.flip(), at);
    }

    private void drain(ByteBuffer bytes, long at) {
        try {
            Scratch.drain(file, at, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private TensorEntry entry(String name) {
        return Objects.requireNonNull(entries.get(name));
    }
}
