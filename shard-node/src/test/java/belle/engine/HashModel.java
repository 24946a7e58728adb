package belle.engine;

import java.util.ArrayList;
import java.util.List;

/**
 * A model whose logits are a hash of the whole history, read back from simulated cache blocks.
 *
 * <p>A position's cell depends on every cell before it, as keys and values do. So a block that is shared with the wrong
 * sequence, written twice, freed too early or read before it was written changes every later token.
 */
final class HashModel {
    private final int blockTokens;
    private final long[] cells;

    HashModel(int blocks, int blockTokens) {
        this.blockTokens = blockTokens;
        cells = new long[blocks * blockTokens];
    }

    /** Runs a step: writes the cells of all its tokens and returns the rows that it asks for. */
    Logits run(Step step) {
        List<float[]> rows = new ArrayList<>();
        step.copies()
                .forEach(copy -> System.arraycopy(
                        cells, copy.from() * blockTokens, cells, copy.to() * blockTokens, blockTokens));
        for (Slice slice : step.slices()) {
            for (int i = 0; i < slice.tokens().size(); i++) {
                long cell = write(slice, i);
                if (i >= slice.tokens().size() - slice.logitRows()) {
                    rows.add(logits(cell));
                }
            }
        }
        return new Rows(rows);
    }

    /** Runs a step as a device does that fails in the middle: cells hold anything. */
    void spoil(Step step, long garbage) {
        for (Slice slice : step.slices()) {
            for (int i = 0; i < slice.tokens().size(); i++) {
                cells[place(slice, slice.past() + i)] = mix(garbage, i);
            }
        }
    }

    private long write(Slice slice, int i) {
        int position = slice.past() + i;
        long seen = 1;
        for (int before = 0; before < position; before++) {
            seen = mix(seen, cells[place(slice, before)]);
        }
        long cell = mix(seen, slice.tokens().get(i));
        cells[place(slice, position)] = cell;
        return cell;
    }

    private int place(Slice slice, int position) {
        return slice.blocks().get(position / blockTokens) * blockTokens + position % blockTokens;
    }

    private static float[] logits(long cell) {
        float[] row = new float[Letters.ROW];
        for (int id = 0; id < row.length; id++) {
            row[id] = (mix(cell, id) >>> 56) / 32f;
        }
        row[Letters.END] -= 3; // long texts are worth more
        return row;
    }

    private static long mix(long state, long value) {
        long mixed = (state ^ value) * 0xD6E8_FEB8_6659_FD93L;
        mixed ^= mixed >>> 32;
        return mixed * 0xD6E8_FEB8_6659_FD93L + 1;
    }

    record Rows(List<float[]> values) implements Logits {
        @Override
        public int rows() {
            return values.size();
        }

        @Override
        public int vocabulary() {
            return Letters.ROW;
        }

        @Override
        public float at(int row, int id) {
            return values.get(row)[id];
        }

        @Override
        public void copyRow(int row, float[] into) {
            System.arraycopy(values.get(row), 0, into, 0, Letters.ROW);
        }
    }
}
