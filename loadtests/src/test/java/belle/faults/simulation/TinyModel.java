package belle.faults.simulation;

import belle.engine.Logits;
import belle.engine.ModelFacts;
import belle.engine.Slice;
import belle.engine.Step;
import belle.engine.TokenBytes;
import belle.proto.Tokens;
import belle.runtime.StepRunner;
import java.util.ArrayList;
import java.util.List;

/**
 * A model of seven tokens whose logits are a hash of all tokens before, kept where the engine keeps keys and values. A
 * block that is shared, freed or filled wrongly changes every later token.
 */
final class TinyModel implements StepRunner {
    static final int CONTEXT = 48;

    /** Two letters, 你 in two halves, an emoji in two halves, the end. */
    private static final byte[][] BYTES = {
        {'a'},
        {'b'},
        {(byte) 0xE4, (byte) 0xBD},
        {(byte) 0xA0},
        {(byte) 0xF0, (byte) 0x9F},
        {(byte) 0x98, (byte) 0x80},
        {}
    };

    private static final int END = 6;
    /** One id is padding. */
    private static final int ROW = 8;

    private static final float LIKELY = 9;

    static final ModelFacts FACTS = new ModelFacts(ROW, BYTES.length, CONTEXT, Tokens.of(END), new Syllables());

    private final int blockTokens;
    private final long[] cells;
    private boolean spoilsNext;

    TinyModel(int blocks, int blockTokens) {
        this.blockTokens = blockTokens;
        cells = new long[blocks * blockTokens];
    }

    /** The next step returns what crashes the batch loop. */
    void spoilNext() {
        spoilsNext = true;
    }

    @Override
    public Logits run(Step step) {
        List<float[]> rows = new ArrayList<>();
        step.copies()
                .forEach(copy -> System.arraycopy(
                        cells, copy.from() * blockTokens, cells, copy.to() * blockTokens, blockTokens));
        for (Slice slice : step.slices()) {
            int count = slice.tokens().size();
            for (int i = 0; i < count; i++) {
                int token = slice.tokens().get(i);
                int position = slice.past() + i;
                long before = position == 0 ? 1 : cells[place(slice, position - 1)];
                long cell = mixed(before, token + 1);
                cells[place(slice, position)] = cell;
                if (i >= count - slice.logitRows()) {
                    rows.add(row(cell, token));
                }
            }
        }
        boolean spoilt = spoilsNext;
        spoilsNext = false;
        return new Rows(spoilt ? List.of(new float[0]) : rows, spoilt ? 0 : ROW);
    }

    private int place(Slice slice, int position) {
        return slice.blocks().get(position / blockTokens) * blockTokens + position % blockTokens;
    }

    /** The second half of a character mostly follows the first, and nothing else. */
    private static float[] row(long cell, int last) {
        float[] row = new float[ROW];
        for (int id = 0; id < ROW; id++) {
            row[id] = (mixed(cell, id) >>> 56) / 64f;
        }
        row[3] -= LIKELY;
        row[5] -= LIKELY;
        if (last == 2 || last == 4) {
            row[last + 1] += 3 * LIKELY;
        }
        row[END] -= 2;
        return row;
    }

    private static long mixed(long state, long value) {
        long hash = (state + value) * 0x9E37_79B9_7F4A_7C15L;
        hash = (hash ^ (hash >>> 29)) * 0xBF58_476D_1CE4_E5B9L;
        return hash ^ (hash >>> 32);
    }

    @Override
    public void close() {}

    private static final class Syllables implements TokenBytes {
        @Override
        public byte[] bytes(int id) {
            return id < BYTES.length ? BYTES[id].clone() : new byte[0];
        }

        @Override
        public boolean special(int id) {
            return id >= END;
        }

        @Override
        public int size() {
            return BYTES.length;
        }

        @Override
        public boolean stripsFirstSpace() {
            return false;
        }
    }

    private record Rows(List<float[]> values, int vocabulary) implements Logits {
        @Override
        public int rows() {
            return values.size();
        }

        @Override
        public float at(int row, int id) {
            return values.get(row)[id];
        }

        @Override
        public void copyRow(int row, float[] into) {
            System.arraycopy(values.get(row), 0, into, 0, ROW);
        }
    }
}
