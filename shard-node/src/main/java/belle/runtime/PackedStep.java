package belle.runtime;

import belle.engine.Slice;
import belle.engine.Step;
import belle.proto.Check;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.LongBuffer;

/**
 * A step laid out as the graph's inputs, in native buffers that are used again for the next one.
 *
 * <p>A buffer that is too small is replaced by one of at least twice its size, so the memory follows the largest step.
 */
final class PackedStep {
    private LongBuffer inputIds = longs(64);
    private IntBuffer cuSeqlens = ints(64);
    private IntBuffer pastLens = ints(64);
    private IntBuffer blockTable = ints(64);
    private LongBuffer logitRows = longs(64);
    private int[] row = new int[64];

    private int sequences;
    private int tableWidth;

    /** Lays out {@code step}; every buffer then spans exactly its values. */
    void pack(Step step) {
        sequences = step.slices().size();
        tableWidth = step.slices().stream()
                .mapToInt(slice -> slice.blocks().size())
                .max()
                .orElse(0);
        reserve(step.tokens(), step.logitRows());
        int token = 0;
        cuSeqlens.put(0);
        for (Slice slice : step.slices()) {
            for (int i = 0; i < slice.tokens().size(); i++) {
                inputIds.put(slice.tokens().get(i));
            }
            token += slice.tokens().size();
            cuSeqlens.put(token);
            pastLens.put(slice.past());
            slice.blocks().copyTo(row, 0);
            blockTable.put(row, 0, slice.blocks().size());
            for (int unused = slice.blocks().size(); unused < tableWidth; unused++) {
                blockTable.put(-1);
            }
            for (int back = slice.logitRows(); back > 0; back--) {
                logitRows.put(token - back);
            }
        }
        Check.that(token == step.tokens(), "step %s has %s tokens and says %s", step.number(), token, step.tokens());
        inputIds.flip();
        cuSeqlens.flip();
        pastLens.flip();
        blockTable.flip();
        logitRows.flip();
        Check.that(
                logitRows.limit() == step.logitRows(), "step %s has %s logit rows", step.number(), logitRows.limit());
    }

    /** Takes a step that another process laid out. */
    void take(int sequenceCount, int width, long[] ids, int[] starts, int[] pasts, int[] table, long[] wantedRows) {
        sequences = sequenceCount;
        tableWidth = width;
        reserve(ids.length, wantedRows.length);
        inputIds.put(ids).flip();
        cuSeqlens.put(starts).flip();
        pastLens.put(pasts).flip();
        blockTable.put(table).flip();
        logitRows.put(wantedRows).flip();
    }

    /** int64 [T]. */
    LongBuffer inputIds() {
        return inputIds;
    }

    /** int32 [B + 1]. */
    IntBuffer cuSeqlens() {
        return cuSeqlens;
    }

    /** int32 [B]. */
    IntBuffer pastLens() {
        return pastLens;
    }

    /** int32 [B, {@link #tableWidth()}]; unused places are -1. */
    IntBuffer blockTable() {
        return blockTable;
    }

    /** int64 [R], rows of the packed tokens. */
    LongBuffer logitRows() {
        return logitRows;
    }

    int sequences() {
        return sequences;
    }

    int tableWidth() {
        return tableWidth;
    }

    private void reserve(int tokens, int rows) {
        inputIds = inputIds.capacity() < tokens ? longs(grown(tokens)) : inputIds.clear();
        cuSeqlens = cuSeqlens.capacity() < sequences + 1 ? ints(grown(sequences + 1)) : cuSeqlens.clear();
        pastLens = pastLens.capacity() < sequences ? ints(grown(sequences)) : pastLens.clear();
        int table = Math.multiplyExact(sequences, tableWidth);
        blockTable = blockTable.capacity() < table ? ints(grown(table)) : blockTable.clear();
        logitRows = logitRows.capacity() < rows ? longs(grown(rows)) : logitRows.clear();
        row = row.length < tableWidth ? new int[grown(tableWidth)] : row;
    }

    /** The next power of two, so that a slowly growing step does not replace its buffer every time. */
    static int grown(int least) {
        return Math.max(1, Integer.highestOneBit(Math.max(1, least - 1)) << 1);
    }

    private static LongBuffer longs(int count) {
        return direct(count, Long.BYTES).asLongBuffer();
    }

    private static IntBuffer ints(int count) {
        return direct(count, Integer.BYTES).asIntBuffer();
    }

    static ByteBuffer direct(int count, int bytes) {
        return ByteBuffer.allocateDirect(Math.multiplyExact(count, bytes)).order(ByteOrder.nativeOrder());
    }
}
