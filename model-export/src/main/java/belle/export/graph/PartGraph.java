package belle.export.graph;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import belle.export.checkpoint.ModelConfig;
import belle.export.graph.Value.Dim;
import belle.proto.bundle.Manifest.Architecture;
import belle.proto.bundle.Manifest.TensorEntry;
import belle.proto.bundle.RankShare;
import belle.proto.bundle.WeightType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A part of a model as a graph of its own, for work that goes layer by layer.
 *
 * @param output name of the result, [T, E], or logits [T, V]
 * @param multiplied the result's name that each matrix is multiplied with, by the matrix's name: [T, K]
 */
public record PartGraph(ModelProto model, String output, Map<String, String> multiplied) {
    /** Name of the input of a layer and of the head: float32 [T, E]. */
    public static final String HIDDEN = "hidden";

    /** Names of a product's inputs and of its result. */
    public static final String LEFT = "x";

    public static final String RIGHT = "w";
    public static final String PRODUCT = "y";

    public PartGraph {
        multiplied = Map.copyOf(multiplied);
    }

    /** Returns the embedding: {@code input_ids} int64 [T] to what the first layer is given. */
    public static PartGraph embedding(
            ModelConfig config, Architecture architecture, Map<String, TensorEntry> tensors, String exporter) {
        GraphBuilder graph = new GraphBuilder("belle_embedding", "The embedding alone");
        BelleOps ops = new BelleOps(graph, architecture, tensors, 0, new RankCut(RankShare.whole(architecture)));
        Value ids = StepInputs.inputIds(graph);
        Value out = RankGraph.family(config, ops, StepInputs.onlyIds(ids)).embedded();
        graph.output(out, "what the first layer is given");
        return new PartGraph(graph.build(exporter, Map.of()), out.name(), Map.of());
    }

    /** Returns final norm and head: {@link #HIDDEN} to logits. */
    public static PartGraph head(
            ModelConfig config,
            Architecture architecture,
            Map<String, TensorEntry> tensors,
            int group,
            String exporter) {
        GraphBuilder graph = new GraphBuilder("belle_head", "The head alone");
        BelleOps ops = new BelleOps(graph, architecture, tensors, group, new RankCut(RankShare.whole(architecture)));
        Value x = hidden(graph, architecture);
        Value out =
                RankGraph.family(config, ops, StepInputs.onlyIds(Value.NONE)).head(x);
        graph.output(out, "the logits of all rows");
        return new PartGraph(graph.build(exporter, Map.of()), out.name(), Map.of());
    }

    /**
     * Returns one product of float32 matrices: {@link #LEFT} [T, inputs] and {@link #RIGHT}, the other's columns in tiles
     * [outputs / 64, inputs, 64], to {@link #PRODUCT} [T, outputs].
     */
    public static ModelProto product(int inputs, int outputs, String exporter) {
        GraphBuilder graph = new GraphBuilder("belle_product", "A product alone");
        int tile = WeightType.TILE;
        Value left = graph.input(LEFT, "rows", DataType.FLOAT, Dim.of("T"), Dim.of(inputs));
        Value right = graph.input(
                RIGHT, "columns in tiles", DataType.FLOAT, Dim.of(outputs / tile), Dim.of(inputs), Dim.of(tile));
        Value out = graph.node(
                GraphBuilder.BELLE,
                "MatMulF32",
                "/product",
                List.of(left, right),
                Map.of("K", inputs, "n0", outputs, "n1", 0, "n2", 0),
                PRODUCT,
                DataType.FLOAT,
                Dim.of("T"),
                Dim.of(outputs));
        graph.output(out, "the product");
        return graph.build(exporter, Map.of());
    }

    private static Value hidden(GraphBuilder graph, Architecture architecture) {
        return graph.input(
                HIDDEN, "what the part is given", DataType.FLOAT, Dim.of("T"), Dim.of(architecture.hidden()));
    }

    /** Returns one layer, whose cache is layer 0: the inputs of a step but ids and rows, and {@link #HIDDEN}. */
    public static PartGraph layer(
            ModelConfig config,
            Architecture architecture,
            Map<String, TensorEntry> tensors,
            int group,
            int layer,
            String exporter) {
        GraphBuilder graph = new GraphBuilder("belle_layer", "Layer " + layer + " alone");
        BelleOps ops = new BelleOps(graph, architecture, tensors, group, new RankCut(RankShare.whole(architecture)));
        StepInputs step = StepInputs.withoutIds(graph);
        Value x = hidden(graph, architecture);
        Value out = RankGraph.family(config, ops, step).layer(layer, 0, x);
        graph.output(out, "what the next layer is given");
        Map<String, String> multiplied = new LinkedHashMap<>();
        ops.multiplied().forEach((matrix, value) -> {
            if (!multiplied.containsValue(value.name())) {
                graph.output(value, "what " + matrix + " is multiplied with");
            }
            multiplied.put(matrix, value.name());
        });
        return new PartGraph(graph.build(exporter, Map.of()), out.name(), multiplied);
    }
}
