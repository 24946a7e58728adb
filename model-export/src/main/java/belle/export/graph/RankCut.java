package belle.export.graph;

import belle.proto.Check;
import belle.proto.bundle.Leaves;
import belle.proto.bundle.Manifest.TensorEntry;
import belle.proto.bundle.RankShare;
import belle.proto.bundle.RankShare.Range;
import belle.proto.bundle.WeightType;
import java.util.List;

/**
 * One rank's part of a model's matrices. Products are cut along their outputs, except the attention output and the MLP's down
 * product, which are cut along their inputs by whole leaves. Either way a rank's part is one contiguous range of weights.bin.
 */
record RankCut(RankShare share) {
    private static final int TILE = WeightType.TILE;

    /**
     * A range of weights.bin, the [N, K] of the matrix in it, and its leaves' places counted from its first input
     * (empty where nothing is cut along inputs).
     *
     * @param skip outputs of the first tile that are the rank's before
     */
    record Part(long offset, long bytes, int outputs, int inputs, int skip, List<Integer> leafInputs) {
        Part {
            leafInputs = List.copyOf(leafInputs);
        }

        int tiles() {
            return Math.ceilDiv(skip + outputs, TILE);
        }
    }

    boolean isWhole() {
        return share.degree() == 1;
    }

    /** All of a tiles64 matrix. */
    static Part whole(TensorEntry matrix) {
        return outputs(matrix, new Range(0, matrix.dims().getFirst()));
    }

    /** Some outputs of a tiles64 matrix: the tiles that they are in. */
    static Part outputs(TensorEntry matrix, Range outputs) {
        int all = matrix.dims().getFirst();
        Check.that(outputs.to() <= all, "outputs %s of %s", outputs, all);
        long tileBytes = matrix.bytes() / Math.ceilDiv(all, TILE);
        int first = outputs.from() / TILE;
        int end = Math.ceilDiv(outputs.to(), TILE);
        return new Part(
                matrix.offset() + first * tileBytes,
                (end - first) * tileBytes,
                outputs.size(),
                matrix.dims().getLast(),
                outputs.from() % TILE,
                List.of());
    }

    /**
     * Returns this rank's leaves of a matrix that is stored leaf by leaf.
     *
     * @param group inputs that share a scale in quantised weights, else 0; leaves begin at whole groups
     */
    Part leaves(TensorEntry matrix, int group) {
        int count = Leaves.COUNT / share.degree();
        List<Integer> places = matrix.leafInputs().subList(share.rank() * count, (share.rank() + 1) * count + 1);
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
                0,
                places.stream().map(place -> place - from).toList());
    }
}
