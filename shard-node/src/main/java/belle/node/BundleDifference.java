package belle.node;

import belle.proto.Failure;
import belle.proto.bundle.KvType;
import belle.proto.node.NodeQuery.ModelInfo;
import java.util.List;
import java.util.Optional;

/** Whether two nodes give the same tokens for a name, so that a stream may move from one to the other. */
public final class BundleDifference {
    private BundleDifference() {}

    /** Returns what keeps a node with {@code own} models from serving beside {@code member}. */
    public static Optional<Failure> of(List<ModelInfo> own, String member, List<ModelInfo> theirs) {
        for (ModelInfo mine : own) {
            for (ModelInfo other : theirs) {
                Optional<Failure> difference =
                        mine.id().equals(other.id()) ? of(mine, member, other) : Optional.empty();
                if (difference.isPresent()) {
                    return difference;
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<Failure> of(ModelInfo mine, String member, ModelInfo other) {
        String model = "model '" + mine.id() + "' ";
        if (!mine.bundle().equals(other.bundle())) {
            return Optional.of(new Failure.Invalid(
                    "model",
                    model + "is bundle " + mine.bundle() + " here, but the cluster serves bundle " + other.bundle()
                            + " under this name (member " + member
                            + "); serve the same bundle, or give it another name"));
        }
        boolean told = mine.cacheBits() > 0 && other.cacheBits() > 0;
        if (told && mine.cacheBits() != other.cacheBits()) {
            return Optional.of(new Failure.Invalid(
                    "belle.node.runtime.kv-cache-type",
                    model + "has a key/value cache of " + KvType.labelOf(mine.cacheBits()) + " here, but of "
                            + KvType.labelOf(other.cacheBits())
                            + " in the cluster (member " + member
                            + "), which gives other tokens; set belle.node.runtime.kv-cache-type to the same"));
        }
        if (mine.contextTokens() != other.contextTokens()) {
            return Optional.of(new Failure.Invalid(
                    "belle.node.runtime.kv-cache-bytes",
                    model + "has room for sequences of " + mine.contextTokens() + " tokens here, but of "
                            + other.contextTokens() + " in the cluster (member " + member
                            + "), where answers would end elsewhere; set belle.node.runtime.kv-cache-bytes so that both"
                            + " caches hold as much, or the model's whole context"));
        }
        return Optional.empty();
    }
}
