package belle.engine;

import java.util.List;

/**
 * One forward pass over a packed batch; everything needed to pack it.
 *
 * @param number rises by one per step
 * @param copies to be made before anything is computed, in this order
 * @param slices B sequences in packing order, each at most once
 * @param tokens T, all slices' tokens; at least 1
 * @param logitRows R, all slices' rows; may be 0
 */
public record Step(long number, List<BlockCopy> copies, List<Slice> slices, int tokens, int logitRows) {
    public Step {
        copies = List.copyOf(copies);
        slices = List.copyOf(slices);
    }
}
