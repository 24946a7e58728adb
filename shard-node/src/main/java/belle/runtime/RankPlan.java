package belle.runtime;

import belle.proto.bundle.Bundle;
import belle.proto.bundle.KvType;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.Manifest.Architecture;
import belle.proto.bundle.Manifest.TensorEntry;
import belle.proto.bundle.RankShare;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What a rank is opened from, in this process or, as command-line arguments, in one of its own.
 *
 * @param blocks of the cache
 * @param cores that its threads stay on, such as {@code 0-7,16}; empty for any
 * @param copied its weights are in its own memory, see {@link CopiedWeights}
 */
record RankPlan(
        Path bundle,
        int rank,
        int degree,
        int blocks,
        int blockTokens,
        KvType kvType,
        int threads,
        String cores,
        boolean copied) {

    static RankPlan of(Bundle bundle, int rank, KvLayout layout, RuntimeConfig config) {
        String cores =
                config.ranks().cores().isEmpty() ? "" : config.ranks().cores().get(rank);
        return new RankPlan(
                bundle.dir(),
                rank,
                config.ranks().degree(),
                layout.blocks(),
                layout.blockTokens(),
                layout.type(),
                Math.max(1, config.threads() / config.ranks().degree()),
                cores,
                config.ranks().weights().copied(cores));
    }

    /** The rank's part of a model. */
    RankShare share(Manifest manifest) {
        return RankShare.of(manifest.architecture(), manifest.group(), rank, degree);
    }

    /**
     * Opens the rank here, and binds this thread, and those that it starts, to the rank's cores.
     *
     * @param opened {@link #bundle}
     * @param collective empty where there is one rank
     */
    OrtRank open(Bundle opened, Optional<Collective> collective, LogitsMemory logits) {
        if (!cores.isEmpty()) {
            CLibrary.stayOn(CpuList.parse(cores));
        }
        Architecture a = opened.manifest().architecture();
        RankShare share = share(opened.manifest());
        var layout = new KvLayout(a.layers(), blocks, share.kvHeads().size(), a.headDim(), blockTokens, kvType);
        Supplier<OrtRank> opening =
                () -> OrtRank.open(opened.graph(rank, degree), rank, layout, collective, logits, threads);
        return copied
                ? CopiedWeights.open(opened.file(Manifest.WEIGHTS_FILE), table(opened.manifest()), opening)
                : opening.get();
    }

    /** What only the embedding reads, a row for a token. */
    private Optional<TensorEntry> table(Manifest manifest) {
        TensorEntry embedding = manifest.tensors().get("embedding.weight");
        return embedding != null || degree == 1
                ? Optional.ofNullable(embedding)
                : Optional.ofNullable(manifest.tensors().get("head.weight"));
    }

    List<String> arguments() {
        return List.of(
                bundle.toString(),
                Integer.toString(rank),
                Integer.toString(degree),
                Integer.toString(blocks),
                Integer.toString(blockTokens),
                kvType.label(),
                Integer.toString(threads),
                cores,
                Boolean.toString(copied));
    }

    static RankPlan parse(List<String> arguments) {
        return new RankPlan(
                Path.of(arguments.get(0)),
                Integer.parseInt(arguments.get(1)),
                Integer.parseInt(arguments.get(2)),
                Integer.parseInt(arguments.get(3)),
                Integer.parseInt(arguments.get(4)),
                KvType.of(arguments.get(5)).orElseThrow(),
                Integer.parseInt(arguments.get(6)),
                arguments.get(7),
                Boolean.parseBoolean(arguments.get(8)));
    }
}
