package belle.runtime;

import belle.proto.Failure;
import belle.proto.FailureException;
import java.util.Locale;

/** Where a rank on the processor's kernels has its weights. */
public enum RankWeights {
    /** In a copy where the rank's processors are of one of several NUMA nodes, else mapped. */
    AUTO,
    /** In the page cache, which all ranks and programs share, on whichever NUMA node it has them. */
    MAPPED,
    /** In the rank's own memory, which its processors touch first and are therefore near to. */
    COPIED;

    /** @throws FailureException {@link Failure.Invalid} for another word */
    static RankWeights of(String label) {
        for (RankWeights weights : values()) {
            if (weights.name().toLowerCase(Locale.ROOT).equals(label)) {
                return weights;
            }
        }
        throw new FailureException(new Failure.Invalid(
                "belle.node.runtime.rank-weights",
                "belle.node.runtime.rank-weights must be auto, mapped or copied, but is " + label));
    }

    /** Whether a rank on {@code cores} copies them; empty for any processor. */
    boolean copied(String cores) {
        return switch (this) {
            case AUTO -> !cores.isEmpty() && NumaNodes.ofThisMachine().severalAndOneHas(CpuList.parse(cores));
            case MAPPED -> false;
            case COPIED -> true;
        };
    }
}
