package belle.runtime;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The memory where a replica's ranks add up what each of them has: its layout is that of the operator {@code AllReduce}. Closed after
 * the ranks.
 */
@SuppressWarnings("restricted") // memory of the C library is given a size and an owner
final class Collective implements AutoCloseable {
    /** Floats that two ranks exchange at once. */
    private static final long PIECE_FLOATS = 16_384;

    private static final long HEADER_BYTES = 64 * (1 + 8);
    private static final long ALIGNMENT_BYTES = 4096;
    private static final VarHandle FAILED = ValueLayout.JAVA_LONG.varHandle();

    private final int ranks;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;

    private Collective(int ranks) {
        this.ranks = ranks;
        long bytes = bytes(ranks);
        memory = CLibrary.allocate(bytes, ALIGNMENT_BYTES).reinterpret(bytes, arena, CLibrary::free);
        memory.asSlice(0, HEADER_BYTES).fill((byte) 0);
    }

    private Collective(int ranks, FileChannel file) throws IOException {
        this.ranks = ranks;
        memory = file.map(MapMode.READ_WRITE, 0, bytes(ranks), arena);
    }

    /** Memory for ranks of this process. */
    static Collective reserve(int ranks) {
        return new Collective(ranks);
    }

    /** Memory for ranks of several processes: each maps {@code file}, which is empty at first. */
    static Collective map(Path file, int ranks) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return new Collective(ranks, channel);
        } catch (IOException e) {
            throw new UncheckedIOException("no memory can be shared with other processes: " + e.getMessage(), e);
        }
    }

    private static long bytes(int ranks) {
        return HEADER_BYTES + 2L * ranks * PIECE_FLOATS * Float.BYTES;
    }

    /** Returns the graph input {@code collective} of {@code rank} in step {@code number}. */
    long[] descriptor(int rank, long number) {
        return new long[] {memory.address(), memory.byteSize(), rank, ranks, number};
    }

    /** Tells ranks that wait for another one in step {@code number} that it never comes. */
    void fail(long number) {
        FAILED.setVolatile(memory, 0L, number + 1);
    }

    @Override
    public void close() {
        arena.close();
    }
}
