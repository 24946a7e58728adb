package belle.export.bundle;

import ai.onnxruntime.OrtException;
import belle.export.checkpoint.Checkpoint;
import belle.export.checkpoint.ModelConfig;
import belle.export.graph.PartGraph;
import belle.proto.bundle.Manifest.Architecture;
import belle.proto.bundle.WeightType;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Opens parts of a model, one at a time and stored as one likes.
 *
 * @param longest tokens of a sequence, at most
 * @param folder to be made for the weights of a part, and gone with it
 */
record ModelParts(Checkpoint checkpoint, Architecture architecture, int longest, Path folder) {
    /** The embedding, plain. */
    PartRun embedding() throws IOException, OrtException {
        WeightPlan part = embeddingPlan(checkpoint.config(), architecture);
        PartGraph graph = PartGraph.embedding(checkpoint.config(), architecture, part.entries(), Exporter.VERSION);
        return PartRun.open(checkpoint, part, graph, architecture, 1, folder);
    }

    /** The embedding alone, which is the head's matrix where the two are tied. */
    static WeightPlan embeddingPlan(ModelConfig config, Architecture architecture) {
        String table = config.tiedHead() ? "head.weight" : "embedding.weight";
        return WeightPlan.part(
                config,
                architecture,
                Storage.plain(WeightType.F32),
                name -> name.equals(table) || name.startsWith("embedding_norm."));
    }

    /** A layer with its positions. */
    PartRun layer(int layer, Storage as) throws IOException, OrtException {
        WeightPlan part = WeightPlan.part(
                checkpoint.config(),
                architecture,
                as,
                name -> WeightPlan.layer(name) == layer || name.startsWith("rope.") || name.startsWith("alibi."));
        PartGraph graph =
                PartGraph.layer(checkpoint.config(), architecture, part.entries(), as.group(), layer, Exporter.VERSION);
        return PartRun.open(checkpoint, part, graph, architecture, longest, folder);
    }

    /** Final norm and head. */
    PartRun head(Storage as) throws IOException, OrtException {
        WeightPlan part = WeightPlan.part(
                checkpoint.config(),
                architecture,
                as,
                name -> name.startsWith("final_norm.") || name.equals("head.weight"));
        PartGraph graph =
                PartGraph.head(checkpoint.config(), architecture, part.entries(), as.group(), Exporter.VERSION);
        return PartRun.open(checkpoint, part, graph, architecture, 1, folder);
    }
}
