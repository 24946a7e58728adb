package belle.export.bundle;

import belle.export.checkpoint.Checkpoint;
import belle.export.checkpoint.QuantisedForm;
import belle.export.checkpoint.QuantisedRows;
import belle.export.checkpoint.QuantisedTensor;
import java.util.List;

/** A matrix whose weights are each rounded to the nearest of the numbers that its group can hold. */
record RoundToNearest(Checkpoint checkpoint, String tensor, QuantisedForm form) implements QuantisedTensor {
    @Override
    public List<Integer> order() {
        return List.of();
    }

    @Override
    public void read(int row, int count, QuantisedRows into, int at) {
        int inputs = form.inputs();
        float[] weights = new float[inputs];
        for (int i = 0; i < count; i++) {
            checkpoint.read(tensor, (long) (row + i) * inputs, weights, 0, inputs);
            for (int of = 0; of < form.groups(); of++) {
                int from = of * form.group();
                int to = Math.min(inputs, from + form.group());
                GroupGrid grid = GroupGrid.of(weights, from, to, form.bits());
                into.setGroup(at + i, of, grid.scale(), grid.zero());
                for (int input = from; input < to; input++) {
                    into.setCode(at + i, input, grid.code(weights[input]));
                }
            }
        }
    }
}
