package belle.export.bundle;

import belle.export.checkpoint.Checkpoint;
import belle.export.checkpoint.QuantisedRows;
import belle.export.checkpoint.QuantisedTensor;
import java.util.List;

/**
 * A matrix whose weights are each rounded to the nearest of the numbers that its group can hold: from the least weight, or 0,
 * to the largest one, or 0, in even steps.
 */
record RoundToNearest(Checkpoint checkpoint, String tensor, int bits, int inputs, int group)
        implements QuantisedTensor {
    @Override
    public List<Integer> order() {
        return List.of();
    }

    @Override
    public void read(int row, int count, QuantisedRows into, int at) {
        float[] weights = new float[inputs];
        for (int i = 0; i < count; i++) {
            checkpoint.read(tensor, (long) (row + i) * inputs, weights, 0, inputs);
            for (int of = 0; of < groups(); of++) {
                quantise(weights, of, into, at + i);
            }
        }
    }

    private void quantise(float[] weights, int of, QuantisedRows into, int row) {
        int end = Math.min(inputs, (of + 1) * group);
        float least = 0;
        float most = 0;
        for (int i = of * group; i < end; i++) {
            least = Math.min(least, weights[i]);
            most = Math.max(most, weights[i]);
        }
        int largest = (1 << bits) - 1;
        float scale = most / largest - least / largest;
        int zero = scale == 0 ? 0 : Math.round(-least / scale);
        into.setGroup(row, of, scale, zero);
        for (int i = of * group; i < end; i++) {
            int code = scale == 0 ? 0 : Math.round(weights[i] / scale) + zero;
            into.setCode(row, i, Math.clamp(code, 0, largest));
        }
    }
}
