package belle.proto.bundle;

import belle.proto.Check;
import belle.proto.bundle.Manifest.Architecture;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What one rank of a model computes: whole leaves of the two products that are cut along their inputs, and with them the heads and
 * the MLP's units that those leaves are of.
 *
 * @param heads query heads
 * @param kvHeads key/value heads; a head that query heads of two ranks share is in both
 * @param units the MLP's inner units
 * @param vocabulary columns of the logits; where there are fewer tiles of 64 than ranks, two ranks have the same ones
 */
public record RankShare(int rank, int degree, Range heads, Range kvHeads, Range units, Range vocabulary) {
    /** Degrees that a model may be cut into. */
    public static final List<Integer> DEGREES = List.of(1, 2, 4, Leaves.COUNT);

    /** From the first to the one behind the last. */
    public record Range(int from, int to) {
        public int size() {
            return to - from;
        }
    }

    /**
     * Returns the share of {@code rank} of {@code degree}, which must be one of {@link #degrees}.
     *
     * @param group inputs that share a scale in quantised weights, else 0
     */
    public static RankShare of(Architecture a, int group, int rank, int degree) {
        Check.that(DEGREES.contains(degree), "degree %s is none of %s", degree, DEGREES);
        Check.that(rank >= 0 && rank < degree, "rank %s of degree %s", rank, degree);
        Range inputs = leaves(Leaves.attention(a.heads() * a.headDim(), a.headDim(), group), rank, degree);
        Range heads = new Range(inputs.from() / a.headDim(), inputs.to() / a.headDim());
        int queries = a.heads() / a.kvHeads();
        Range kvHeads = new Range(heads.from() / queries, Math.ceilDiv(heads.to(), queries));
        Range units = leaves(Leaves.mlp(a.intermediate(), group), rank, degree);
        return new RankShare(rank, degree, heads, kvHeads, units, vocabulary(a.vocabulary(), rank, degree));
    }

    /** The whole model. */
    public static RankShare whole(Architecture a) {
        return of(a, 0, 0, 1);
    }

    private static Range leaves(List<Integer> places, int rank, int degree) {
        int count = Leaves.COUNT / degree;
        return new Range(places.get(rank * count), places.get((rank + 1) * count));
    }

    private static Range vocabulary(int all, int rank, int degree) {
        int tiles = Math.ceilDiv(all, WeightType.TILE);
        int first = rank * tiles / degree;
        int end = Math.max(first + 1, (rank + 1) * tiles / degree);
        return new Range(first * WeightType.TILE, Math.min(end * WeightType.TILE, all));
    }

    /** The degrees that a model can be cut into; {@code tensors} are the names of its bundle's tensors. */
    public static List<Integer> degrees(Architecture a, int group, Set<String> tensors) {
        List<Integer> degrees = new ArrayList<>(DEGREES);
        degrees.removeIf(degree -> refusal(a, group, tensors, degree).isPresent());
        return List.copyOf(degrees);
    }

    /** Why a model cannot be cut into {@code degree}; empty where it can. */
    public static Optional<String> refusal(Architecture a, int group, Set<String> tensors, int degree) {
        if (!DEGREES.contains(degree)) {
            return Optional.of("degrees are " + DEGREES);
        }
        if (degree == 1) {
            return Optional.empty();
        }
        for (int rank = 0; rank < degree; rank++) {
            RankShare share = of(a, group, rank, degree);
            String whose = "rank " + rank + " of " + degree;
            if (share.heads.size() == 0) {
                return Optional.of(whose + " would have none of the " + a.heads() + " heads"
                        + (group == 0 ? "" : ", which are cut where groups of " + group + " weights begin too"));
            }
            if (share.units.size() == 0) {
                return Optional.of(whose + " would have none of the MLP's " + a.intermediate()
                        + " units, which are cut where tiles of 64 begin"
                        + (group <= WeightType.TILE ? "" : " and groups of " + group + " weights"));
            }
            if (!share.isEven(a.heads() / a.kvHeads())) {
                return Optional.of(whose + " would have heads " + share.heads.from + " to " + (share.heads.to - 1)
                        + ", which use key/value heads unevenly: " + a.heads() / a.kvHeads() + " use one");
            }
        }
        return tensors.stream()
                .filter(name -> name.endsWith(".attention.output.order") || name.endsWith(".mlp.down.order"))
                .findFirst()
                .map(name -> name + " mixes the inputs of all ranks");
    }

    /** Every key/value head of the rank serves equally many of its query heads, in their order. */
    private boolean isEven(int queries) {
        return kvHeads.size() == 1 || (heads.from % queries == 0 && heads.to % queries == 0);
    }
}
