package belle.engine;

import belle.proto.Tokens;
import java.util.ArrayList;
import java.util.List;

/** A step while it is put together: slices so far, and what the limits leave for more. */
final class StepPlan {
    /** Of a chunk must be left when it is cut where a block ends: small chunks beside decodes would lose too many of their tokens. */
    private static final double LEAST_OF_CHUNK = 0.75;

    private final EngineConfig config;
    private final int blockTokens;
    private final List<BlockCopy> copies = new ArrayList<>();
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

    /** Prompt tokens that a step with these (decoding) slices may compute: {@code besideDecodes} if there are any. */
    int prefillTokens(int besideDecodes) {
        int room = config.maxStepTokens() - tokens;
        return slices.isEmpty() ? room : Math.min(room, besideDecodes);
    }

    /**
     * Returns how many of a sequence's pending tokens fit, at most {@code budget}; 0 when none does.
     *
     * <p>A chunk that is not the last one ends where a block ends, if that makes it little shorter: only there can the next
     * chunk find its block in the prefix cache.
     */
    int chunk(Sequence sequence, int budget) {
        int chunk = Math.min(sequence.pending(), budget);
        chunk -= Math.max(0, sequence.logitRows(chunk) - (config.maxLogitRows() - logitRows));
        int boundary = (sequence.computed + chunk) / blockTokens * blockTokens;
        int shorter = boundary - sequence.computed;
        return chunk < sequence.pending() && shorter >= LEAST_OF_CHUNK * chunk ? shorter : chunk;
    }

    /** Has {@code block} copied to where the sequence's next token goes. */
    void copy(int block, Sequence sequence) {
        copies.add(new BlockCopy(block, sequence.blocks.get(sequence.computed / blockTokens)));
    }

    void add(Sequence sequence, int count) {
        add(sequence, count, Tokens.EMPTY);
    }

    /** The same with guesses of what comes behind them. */
    void add(Sequence sequence, int count, Tokens guesses) {
        int past = sequence.computed;
        Tokens fed = sequence.history.slice(past, past + count).plus(guesses);
        int rows = sequence.logitRows(count) + guesses.size();
        slices.add(new Slice(sequence.id, fed, past, sequence.blocks, rows, guesses.size()));
        sequences.add(sequence);
        sequence.inStep = true;
        tokens += fed.size();
        logitRows += rows;
    }

    /** Returns how many guesses a decode may have, if {@code decodes} more of a token and a row each are to follow it. */
    int guesses(Sequence sequence, int decodes) {
        // One token is drawn in any case; guesses lie in the blocks that it has, and before its last position.
        int room = Math.min(sequence.blocks.size() * blockTokens, sequence.mostTokens - 1) - sequence.history.size();
        int left = Math.min(config.maxStepTokens() - tokens, config.maxLogitRows() - logitRows) - 1 - decodes;
        return Math.max(0, Math.min(Math.min(config.lookupTokens(), room), left));
    }

    /** Tokens of the slices so far. */
    int tokens() {
        return tokens;
    }

    boolean isEmpty() {
        return slices.isEmpty();
    }

    Step step(long number) {
        return new Step(number, copies, slices, tokens, logitRows);
    }
}
