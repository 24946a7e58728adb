package belle.runtime;

import belle.engine.Logits;
import belle.proto.bundle.RankShare.Range;
import java.nio.FloatBuffer;
import java.util.List;

/** A view of R rows of V logits, of which each rank has some columns: nothing is moved together. */
record RankLogits(List<Range> columns, List<FloatBuffer> parts, int rows, int vocabulary) implements Logits {
    @Override
    public float at(int row, int id) {
        int rank = 0;
        while (id >= columns.get(rank).to()) {
            rank++;
        }
        Range own = columns.get(rank);
        return parts.get(rank).get(row * own.size() + id - own.from());
    }

    @Override
    public void copyRow(int row, float[] into) {
        for (int rank = 0; rank < parts.size(); rank++) {
            Range own = columns.get(rank);
            parts.get(rank).get(row * own.size(), into, own.from(), own.size());
        }
    }
}
