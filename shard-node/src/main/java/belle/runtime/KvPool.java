package belle.runtime;

import belle.engine.BlockCopy;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.IntBuffer;

/**
 * The memory of a replica's key/value cache. Kernels read and write it in place, by address; Java
 * copies whole blocks and never looks inside.
 *
 * <p>Pages cost nothing until they are about to be written: the memory comes from the C library, because {@link
 * Arena#allocate} would write zeros over all of it. Not before every rank that may be running a step on it has been
 * closed may its owner close it.
 */
@SuppressWarnings("restricted") // memory of the C library is given a size and an owner
final class KvPool implements AutoCloseable {
    /** Two mebibytes, so that the kernel can back the pool with huge pages. */
    private static final long PAGE_BYTES = 2L << 20;

    private final KvLayout layout;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;
    private int highest = -1;
    /** Bytes from the begin of every layer that have memory; layers below {@code layer} have the next page, too. */
    private long backed;

    private int layer;

    private KvPool(KvLayout layout) {
        this.layout = layout;
        this.memory = CLibrary.allocate(layout.bytes(), PAGE_BYTES).reinterpret(layout.bytes(), arena, CLibrary::free);
        CLibrary.preferHugePages(memory);
    }

    /**
     * Reserves the memory of {@code layout}.
     *
     * @throws OutOfMemoryError when the address space has no room for it
     */
    static KvPool reserve(KvLayout layout) {
        return new KvPool(layout);
    }

    KvLayout layout() {
        return layout;
    }

    /** Returns the graph input {@code kv_pool}: address, bytes, layers, blocks, tokens of a block, bits of an element. */
    long[] descriptor() {
        return new long[] {
            memory.address(),
            layout.bytes(),
            layout.layers(),
            layout.blocks(),
            layout.blockTokens(),
            layout.type().bits()
        };
    }

    /**
     * Has memory backed that steps to come will write, a little at a time: all layers of a block lie in pages of their own, and backing
     * them at once, when a block is first written, takes a machine up to a tenth of a second of one step.
     *
     * @param table the blocks of a step that is not running yet; what they hold stays
     * @param tokens that the step computes: as many pages as they fill are backed, and two more
     */
    void back(IntBuffer table, int tokens) {
        for (int i = 0; i < table.limit(); i++) {
            highest = Math.max(highest, table.get(i));
        }
        long block = layout.blockBytes();
        long ofLayer = block * layout.blocks();
        long wanted = Math.min(ofLayer, (highest + 1) * block + 2 * PAGE_BYTES);
        long filled = block * tokens * layout.layers() / layout.blockTokens() / PAGE_BYTES;
        for (int page = 0; page < filled + 2 && backed < wanted; page++) {
            long at = layer * ofLayer + backed;
            memory.set(ValueLayout.JAVA_BYTE, at, memory.get(ValueLayout.JAVA_BYTE, at));
            layer++;
            if (layer == layout.layers()) {
                layer = 0;
                backed += PAGE_BYTES;
            }
        }
    }

    /** Copies a block's keys and values, in all layers, over another's. */
    void copy(BlockCopy copy) {
        long block = layout.blockBytes();
        for (int layer = 0; layer < layout.layers(); layer++) {
            long first = (long) layer * layout.blocks() * block;
            MemorySegment.copy(memory, first + copy.from() * block, memory, first + copy.to() * block, block);
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
