package belle.scaling;

import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.bundle.KvType;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.Manifest.Architecture;
import belle.proto.bundle.RankShare;
import belle.proto.bundle.WeightType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * A model and how its numbers are stored.
 *
 * @param weights of the layers' matrices
 * @param head of the last product; the embedding is f16, or the head itself where a BLOOM shares them
 * @param group inputs that share a scale in quantised matrices, else 0
 * @param cache keys and values
 */
public record ModelShape(
        String name, Architecture architecture, WeightType weights, WeightType head, int group, KvType cache) {
    private static final Map<String, Architecture> PUBLISHED = published();

    /** Names that {@link #published} knows. */
    public static final List<String> NAMES = List.copyOf(PUBLISHED.keySet());

    private static Map<String, Architecture> published() {
        Map<String, Architecture> all = new LinkedHashMap<>();
        all.put("llama-1b", new Architecture("llama", 2048, 5632, 22, 32, 4, 64, 32000, 32000, 4096, 1_100_048_384L));
        all.put(
                "bloom-7b",
                new Architecture("bloom", 4096, 16384, 30, 32, 32, 128, 250880, 250680, 2048, 7_069_016_064L));
        all.put(
                "llama-7b",
                new Architecture("llama", 4096, 11008, 32, 32, 32, 128, 32000, 32000, 2048, 6_738_415_616L));
        all.put(
                "llama-13b",
                new Architecture("llama", 5120, 13824, 40, 40, 40, 128, 32000, 32000, 2048, 13_015_864_320L));
        return all;
    }

    /**
     * Returns a published shape.
     *
     * @param group of quantised weights; others have none
     */
    public static ModelShape published(String name, WeightType weights, WeightType head, int group, KvType cache) {
        Architecture architecture = PUBLISHED.get(name);
        if (architecture == null) {
            throw new FailureException(
                    new Failure.Invalid("shape", "--shape must be one of " + NAMES + ", but is " + name));
        }
        return new ModelShape(name, architecture, weights, head, weights.isQuantised() ? group : 0, cache);
    }

    /** The shape of a bundle. */
    public static ModelShape of(Manifest manifest) {
        WeightType weights = WeightType.of(manifest.weights()).orElseThrow();
        String head = manifest.tensors().containsKey("head.weight") ? "head.weight" : "embedding.weight";
        WeightType headType = WeightType.of(
                        Objects.requireNonNull(manifest.tensors().get(head), "a bundle without " + head)
                                .type())
                .orElseThrow();
        return new ModelShape(
                manifest.name(),
                manifest.architecture(),
                weights,
                headType,
                manifest.group(),
                KvType.of(manifest.kvCache()).orElseThrow());
    }

    /** Whether embedding and head are one matrix. */
    boolean tied() {
        return architecture.family().equals("bloom");
    }

    /** Refuses a number of ranks that the model cannot be cut into. */
    void requireDegree(int degree) {
        RankShare.refusal(architecture, group, Set.of(), degree).ifPresent(refusal -> {
            throw new FailureException(
                    new Failure.Invalid("ranks", "--ranks " + degree + " does not suit " + name + ": " + refusal));
        });
    }
}
