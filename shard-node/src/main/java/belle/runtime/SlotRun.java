package belle.runtime;

import belle.engine.Slice;
import belle.engine.Step;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One run of the portable graph: slots that lie side by side, and as many new tokens for each of them. A step becomes a run
 * for each prompt's chunk, and as few as make sense for all that decode.
 *
 * @param firstSlot of the run
 * @param slices one for each slot; null where a slot lies between others and has nothing to compute
 * @param tokens of every slot
 */
record SlotRun(int firstSlot, List<@Nullable Slice> slices, int tokens) {

    /** Returns the runs that make up a step. */
    static List<SlotRun> of(Step step) {
        List<SlotRun> runs = new ArrayList<>();
        List<Slice> decodes = new ArrayList<>();
        for (Slice slice : step.slices()) {
            if (slice.tokens().size() == 1) {
                decodes.add(slice);
            } else {
                runs.add(of(List.of(slice)));
            }
        }
        decodes.sort(Comparator.comparingInt(SlotRun::slot));
        for (int from = 0; from < decodes.size(); ) {
            int to = from + 1;
            // A slot without work costs no more than its row, a run all weights: up to half a run may be such.
            for (int end = to + 1; end <= decodes.size(); end++) {
                int slots = slot(decodes.get(end - 1)) - slot(decodes.get(from)) + 1;
                to = slots <= 2 * (end - from) ? end : to;
            }
            runs.add(of(decodes.subList(from, to)));
            from = to;
        }
        return runs;
    }

    /** The slot of a slice: the one block of its sequence. */
    static int slot(Slice slice) {
        return slice.blocks().get(0);
    }

    private static SlotRun of(List<Slice> inOrder) {
        int first = slot(inOrder.getFirst());
        List<@Nullable Slice> slices = new ArrayList<>();
        for (Slice slice : inOrder) {
            while (first + slices.size() < slot(slice)) {
                slices.add(null);
            }
            slices.add(slice);
        }
        return new SlotRun(first, slices, inOrder.getFirst().tokens().size());
    }

    /** Rows of logits that are wanted. */
    int logitRows() {
        int rows = 0;
        for (Slice slice : slices) {
            rows += slice == null ? 0 : slice.logitRows();
        }
        return rows;
    }
}
