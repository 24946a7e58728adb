package belle.export.graph;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import belle.export.checkpoint.ModelConfig;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.Manifest.Architecture;
import belle.proto.bundle.Manifest.TensorEntry;
import belle.proto.bundle.WeightType;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The whole model in ONNX's own operators, for any provider of ONNX Runtime that has them.
 *
 * @param model the graph: kilobytes, its weights being references into portable.bin
 * @param tensors what portable.bin must hold
 */
public record PortableGraph(ModelProto model, List<PortableTensor> tensors) {
    public PortableGraph {
        tensors = List.copyOf(tensors);
    }

    /**
     * Builds the graph. Products, attention and cache are in float32 where weights are, else in float16; the residual
     * stream, norms and logits are always in float32.
     *
     * @param tensors where each tensor lies in weights.bin
     * @param weights the bundle's weight type
     * @param group inputs that share a scale in quantised weights, else 0
     * @param wide matrices of 4 bits with zeros above 15
     * @param exporter version of this program, recorded as the producer's
     */
    public static PortableGraph of(
            ModelConfig config,
            Architecture architecture,
            Map<String, TensorEntry> tensors,
            WeightType weights,
            int group,
            Set<String> wide,
            String exporter) {
        DataType compute = weights == WeightType.F32 ? DataType.FLOAT : DataType.FLOAT16;
        String what = architecture.family() + " in ONNX's operators";
        GraphBuilder graph = new GraphBuilder(
                GraphBuilder.Dialect.PORTABLE, "portable_" + architecture.family(), "One run of " + what);
        PortableWeights stored = new PortableWeights(graph, tensors, wide, group);
        PortableInputs inputs = PortableInputs.addTo(graph, architecture, compute);
        PortableOps ops = new PortableOps(graph, architecture, stored, inputs, compute, group);
        StepInputs step = StepInputs.flat(ops.flatIds(), inputs.logitRows());
        graph.output(RankGraph.family(config, ops, step).logits(), "float32 logits of the wanted rows");
        ops.presents().forEach(present -> graph.output(present, "the same cache with the new tokens in it"));
        ModelProto model = graph.build(
                exporter,
                Map.of("belle.bundle.format", Integer.toString(Manifest.FORMAT_VERSION), "belle.portable", what));
        return new PortableGraph(model, stored.placed());
    }
}
