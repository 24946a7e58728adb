package belle.engine;

import java.util.List;

/**
 * One forward pass over a packed batch; everything needed to pack it.
 *
 * @param number rises by one per step
 * @param slices B sequences in packing order, each at most once
 * @param tokens T, all slices' tokens; at least 1
 * @param logitRows R, all slices' rows; may be 0
 */
public record Step(long number, List<Slice> slices, int tokens, int logitRows) {
    public Step {
        slices = List.copyOf(slices);
    }
}
