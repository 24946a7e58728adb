package belle.export.graph;

import belle.proto.Check;
import belle.proto.bundle.Leaves;
import belle.proto.bundle.Manifest.TensorEntry;
import belle.proto.bundle.WeightType;
import java.util.List;

/**
 * One rank's part of a model: {@code rank} of {@code degree}, degree 1 being the whole. Products are cut along their
 * outputs, except the attention output and the MLP's down product, which are cut along their inputs by whole leaves.
 * Either way a rank's part is one contiguous range of weights.bin.
 */
record RankCut(int rank, int degree) {
    static final RankCut WHOLE = new RankCut(0, 1);

    private static final int TILE = WeightType.TILE;

    RankCut {
        Check.that(Integer.bitCount(degree) == 1 && degree <= Leaves.COUNT, "degree %s is not 1, 2, 4 or 8", degree);
        Check.that(rank >= 0 && rank < degree, "rank %s of degree %s", rank, degree);
    }

    /**
     * A range of weights.bin, the [N, K] of the matrix in it, and its leaves' places counted from its first input
     * (empty where nothing is cut along inputs).
     */
    record Part(long offset, long bytes, int outputs, int inputs, List<Integer> leafInputs) {
        Part {
            leafInputs = List.copyOf(leafInputs);
        }
    }

    /** Returns this rank's share of something that there are {@code total} of: heads, intermediate units. */
    int share(int total) {
        Check.that(total % degree == 0, "degree %s does not divide %s", degree, total);
        return total / degree;
    }

    /** Returns this rank's outputs of a tiles64 matrix; a rank's share must be whole tiles unless it is everything. */
    Part outputs(TensorEntry matrix) {
        int all = matrix.dims().getFirst();
        int own = share(all);
        Check.that(degree == 1 || own % TILE == 0, "a rank's %s outputs are no whole tiles", own);
        long bytes = matrix.bytes() / degree;
        return new Part(
                matrix.offset() + rank * bytes, bytes, own, matrix.dims().getLast(), List.of());
    }

    /**
     * Returns this rank's leaves of a matrix that is stored leaf by leaf.
     *
     * @param group inputs that share a scale in quantised weights, else 0; leaves begin at whole groups
     */
    Part leaves(TensorEntry matrix, int group) {
        int count = Leaves.COUNT / degree;
        List<Integer> places = matrix.leafInputs().subList(rank * count, (rank + 1) * count + 1);
        int from = places.getFirst();
        int inputs = places.getLast() - from;
        int unit = Math.max(1, group);
        long bytesPerUnit = matrix.bytes() / Math.ceilDiv(matrix.dims().getLast(), unit);
        long before = Math.ceilDiv(from, unit) * bytesPerUnit;
        return new Part(
                matrix.offset() + before,
                Math.ceilDiv(places.getLast(), unit) * bytesPerUnit - before,
                matrix.dims().getFirst(),
                inputs,
                places.stream().map(place -> place - from).toList());
    }
}
