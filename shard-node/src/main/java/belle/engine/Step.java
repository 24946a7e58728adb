package belle.engine;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

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

    /** Returns the names of the streams that it computes. */
    public Set<String> streams() {
        return slices.stream().map(slice -> slice.id().stream()).collect(Collectors.toSet());
    }
}
