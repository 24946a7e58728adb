package belle.export.bundle;

import belle.proto.bundle.Manifest.TensorEntry;
import belle.proto.bundle.WeightType;
import java.util.List;

/** Where the leaves of a {@code tiles64} matrix lie: leaf behind leaf with all its tiles, or the whole matrix as one leaf. */
final class TileLeaves {
    private TileLeaves() {}

    /** Hears of one leaf's part of a tile: inputs, or groups, {@code [from, to)}, and how many lie before it in the file. */
    interface Part {
        void at(int from, int to, long before);
    }

    /** Goes through the leaves of tile {@code tile}; {@code unit} inputs are counted as one. */
    static void each(TensorEntry entry, int unit, int tile, Part part) {
        int tiles = Math.ceilDiv(entry.dims().getFirst(), WeightType.TILE);
        List<Integer> places =
                entry.leafInputs().isEmpty() ? List.of(0, entry.dims().getLast()) : entry.leafInputs();
        for (int leaf = 0; leaf + 1 < places.size(); leaf++) {
            int from = Math.ceilDiv(places.get(leaf), unit);
            int to = Math.ceilDiv(places.get(leaf + 1), unit);
            // Earlier leaves lie before this one with all their tiles, and so do this leaf's earlier tiles.
            part.at(from, to, (long) from * tiles + (long) (to - from) * tile);
        }
    }
}
