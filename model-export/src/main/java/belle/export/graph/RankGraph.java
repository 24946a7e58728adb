package belle.export.graph;

import ai.onnx.proto.OnnxMl.ModelProto;
import belle.export.checkpoint.ModelConfig;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.Manifest.Architecture;
import belle.proto.bundle.Manifest.TensorEntry;
import belle.proto.bundle.RankShare;
import java.util.Map;

/** The graph that one rank runs for a step. */
public final class RankGraph {
    /** Behind the name of a tensor of which a graph has a part. */
    public static final String PART = "/part";

    private RankGraph() {}

    /**
     * Returns the graph of {@code rank} of {@code degree}: kilobytes, its weights being references into weights.bin.
     *
     * @param tensors where each tensor lies in weights.bin
     * @param group inputs that share a scale in quantised weights, else 0
     * @param exporter version of this program, recorded as the producer's
     */
    public static ModelProto of(
            ModelConfig config,
            Architecture architecture,
            Map<String, TensorEntry> tensors,
            int group,
            int rank,
            int degree,
            String exporter) {
        String what = architecture.family() + ", rank " + rank + " of " + degree;
        GraphBuilder graph = new GraphBuilder("belle_" + architecture.family(), "One step of " + what);
        BelleOps ops = new BelleOps(
                graph, architecture, tensors, group, new RankCut(RankShare.of(architecture, group, rank, degree)));
        Value logits = family(config, ops, StepInputs.addTo(graph, degree)).logits();
        graph.output(logits, "float32 logits of the wanted rows, the rank's columns of them");
        return graph.build(
                exporter, Map.of("belle.bundle.format", Integer.toString(Manifest.FORMAT_VERSION), "belle.rank", what));
    }

    static ModelGraph family(ModelConfig config, ModelOps ops, StepInputs step) {
        return switch (config) {
            case ModelConfig.Bloom bloom -> new BloomGraph(bloom, ops, step);
            case ModelConfig.Llama llama -> new LlamaGraph(llama, ops, step);
        };
    }
}
