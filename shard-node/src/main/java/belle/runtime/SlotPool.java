package belle.runtime;

import belle.engine.BlockCopy;
import belle.ort.Device;
import belle.ort.Tensor;
import belle.proto.bundle.KvType;
import java.lang.foreign.MemorySegment;

/**
 * A cache of slots on a device: one sequence's keys and values side by side, {@code [layer][keys, values][slot][kv
 * head][place][D]}. To the engine a slot is a block that holds a whole sequence.
 *
 * <p>A slot has a few places more than tokens, of which the last is where a run may write what nobody needs. The memory
 * holds zeros or numbers that were computed, so that whatever a mask leaves out stays finite.
 */
final class SlotPool implements AutoCloseable {
    /** Places come in whole multiples of this: attention kernels read masks by vectors. */
    private static final int PLACE_UNIT = 64;

    private final Device device;
    private final KvLayout layout;
    private final int places;
    private final MemorySegment memory;

    private SlotPool(Device device, KvLayout layout) {
        this.device = device;
        this.layout = layout;
        this.places = places(layout.blockTokens());
        this.memory = device.allocate(layout.blocks() * slotBytes(layout));
    }

    /**
     * Reserves the memory of {@code layout}, whose blocks are the slots.
     *
     * @throws belle.ort.OrtFailure when the device has no room for it
     */
    static SlotPool reserve(Device device, KvLayout layout) {
        return new SlotPool(device, layout);
    }

    /** Places of a slot for {@code tokens} tokens: at least one more. */
    static int places(int tokens) {
        return (tokens / PLACE_UNIT + 1) * PLACE_UNIT;
    }

    /** Bytes of one slot in all layers. */
    static long slotBytes(KvLayout layout) {
        return 2L * layout.layers() * headBytes(layout) * layout.kvHeads();
    }

    private static long headBytes(KvLayout layout) {
        return (long) places(layout.blockTokens())
                * layout.headDim()
                * elementType(layout.type()).bytes();
    }

    static Tensor.Type elementType(KvType type) {
        return type == KvType.F32 ? Tensor.Type.FLOAT : Tensor.Type.FLOAT16;
    }

    KvLayout layout() {
        return layout;
    }

    /** Most tokens of one sequence: it has one slot and never another. */
    int sequenceTokens() {
        return layout.blockTokens();
    }

    int places() {
        return places;
    }

    MemorySegment memory() {
        return memory;
    }

    /** Where slot {@code slot}'s keys of a layer begin. */
    long keysAt(int layer, int slot) {
        return offset(2 * layer, slot);
    }

    long valuesAt(int layer, int slot) {
        return offset(2 * layer + 1, slot);
    }

    private long offset(int half, int slot) {
        return ((long) half * layout.blocks() + slot) * slotLayerBytes();
    }

    /** Bytes of a layer's keys, or values, of one slot. */
    long slotLayerBytes() {
        return headBytes(layout) * layout.kvHeads();
    }

    /** Copies the first {@code tokens} tokens of one slot to another. */
    void copy(BlockCopy copy, int tokens) {
        long bytes =
                (long) tokens * layout.headDim() * elementType(layout.type()).bytes();
        for (int half = 0; half < 2 * layout.layers(); half++) {
            long from = offset(half, copy.from());
            device.copy(memory, from, offset(half, copy.to()), bytes, headBytes(layout), layout.kvHeads());
        }
    }

    /** Writes zeros over a slot. */
    void clear(int slot) {
        for (int half = 0; half < 2 * layout.layers(); half++) {
            device.clear(memory, offset(half, slot), slotLayerBytes());
        }
    }

    @Override
    public void close() {
        device.free(memory);
    }
}
