package belle.runtime;

import belle.engine.BlockCopy;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The memory of a replica's key/value cache. Kernels read and write it in place, by address; Java
 * copies whole blocks and never looks inside.
 *
 * <p>Pages cost nothing until a kernel touches them: the memory comes from the C library, because {@link
 * Arena#allocate} would write zeros over all of it. Not before every rank that may be running a step on it has been
 * closed may its owner close it.
 */
@SuppressWarnings("restricted") // memory of the C library is given a size and an owner
public final class KvPool implements CachePool {
    /** Two mebibytes, so that the kernel can back the pool with huge pages. */
    private static final long ALIGNMENT_BYTES = 2L << 20;

    private final KvLayout layout;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;

    private KvPool(KvLayout layout) {
        this.layout = layout;
        this.memory =
                CLibrary.allocate(layout.bytes(), ALIGNMENT_BYTES).reinterpret(layout.bytes(), arena, CLibrary::free);
        CLibrary.preferHugePages(memory);
    }

    /**
     * Reserves the memory of {@code layout}.
     *
     * @throws OutOfMemoryError when the address space has no room for it
     */
    public static KvPool reserve(KvLayout layout) {
        return new KvPool(layout);
    }

    @Override
    public KvLayout layout() {
        return layout;
    }

    @Override
    public int sequenceTokens() {
        return layout.tokens();
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
