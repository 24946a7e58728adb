package belle.engine;

import belle.proto.Tokens;
import java.util.ArrayList;
import java.util.List;

/** A step while it is put together: slices so far, and what the limits leave for more. */
final class StepPlan {
    private final EngineConfig config;
    private final int blockTokens;
    private final List<Slice> slices = new ArrayList<>();
    private final List<Sequence> sequences = new ArrayList<>();
    private int tokens;
    private int logitRows;

    StepPlan(EngineConfig config, int blockTokens) {
        this.config = config;
        this.blockTokens = blockTokens;
    }

    /** The sequences of the slices, in their order. */
    List<Sequence> sequences() {
        return sequences;
    }

    /** Prompt tokens that a step with these (decoding) slices may compute. */
    int prefillTokens() {
        int room = config.maxStepTokens() - tokens;
        return slices.isEmpty() ? room : Math.min(room, config.prefillTokensBesideDecodes());
    }

    /**
     * Returns how many of a sequence's pending tokens fit, at most {@code budget}; 0 when none does.
     *
     * <p>A chunk that is not the last one ends where a block ends, if it reaches that far: only there can the next chunk
     * find its block in the prefix cache.
     */
    int chunk(Sequence sequence, int budget) {
        int chunk = Math.min(sequence.pending(), budget);
        chunk -= Math.max(0, sequence.logitRows(chunk) - (config.maxLogitRows() - logitRows));
        int boundary = (sequence.computed + chunk) / blockTokens * blockTokens;
        return chunk < sequence.pending() && boundary > sequence.computed ? boundary - sequence.computed : chunk;
    }

    void add(Sequence sequence, int count) {
        int past = sequence.computed;
        Tokens fed = sequence.history.slice(past, past + count);
        int rows = sequence.logitRows(count);
        slices.add(new Slice(sequence.id, fed, past, sequence.blocks, rows));
        sequences.add(sequence);
        sequence.inStep = true;
        tokens += count;
        logitRows += rows;
    }

    boolean isEmpty() {
        return slices.isEmpty();
    }

    Step step(long number) {
        return new Step(number, slices, tokens, logitRows);
    }
}
