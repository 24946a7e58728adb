package belle.export.graph;

import static belle.export.graph.GraphBuilder.MICROSOFT;
import static belle.export.graph.GraphBuilder.STOCK;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import belle.export.graph.Value.Dim;
import belle.proto.bundle.Manifest.Architecture;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The parts of a model in ONNX's own operators, and {@code MatMulNBits} for quantised products.
 *
 * <p>The residual stream, norms and logits are float32; products take and give the compute type.
 */
final class PortableOps implements ModelOps {
    private static final Dim TOKENS = Dim.of("T");

    private final GraphBuilder graph;
    private final Architecture architecture;
    private final PortableWeights weights;
    private final PortableAttention attention;
    private final DataType compute;
    private final int group;
    private final Map<String, Value> cast = new HashMap<>();
    private final Value flatIds;

    /**
     * Parts of {@code graph}.
     *
     * @param compute type of products, attention and cache
     * @param group inputs that share a scale in quantised weights, else 0
     */
    PortableOps(
            GraphBuilder graph,
            Architecture architecture,
            PortableWeights weights,
            PortableInputs inputs,
            DataType compute,
            int group) {
        this.graph = graph;
        this.architecture = architecture;
        this.weights = weights;
        this.attention = new PortableAttention(graph, architecture, weights, inputs, compute);
        this.compute = compute;
        this.group = group;
        this.flatIds = graph.node(
                STOCK,
                "Reshape",
                "/inputs/flat_ids/Reshape",
                List.of(inputs.inputIds(), graph.numbers("/inputs/flat", false, -1)),
                Map.of(),
                "/inputs/flat_ids",
                DataType.INT64,
                TOKENS);
    }

    /** All tokens of a run, one behind the other: [T], T being B times S. */
    Value flatIds() {
        return flatIds;
    }

    /** Every layer's caches after the run. */
    List<Value> presents() {
        return attention.presents();
    }

    /** Quantised matrices have no rows to look up, so that a head that is the embedding too is stored a second time. */
    @Override
    public Value embedding(String path, Value ids) {
        String name = weights.has("embedding.weight") ? "embedding.weight" : "head.weight";
        Value table = weights.isQuantised(name)
                ? weights.dense("embedding.rows", List.of(name), compute)
                : weights.dense(name, compute);
        Value rows = node("Gather", path, List.of(table, ids), Map.of("axis", 0), compute, architecture.hidden());
        return as(rows, DataType.FLOAT);
    }

    @Override
    public Value qkv(String path, Value x, String at) {
        List<String> matrices = List.of(at + ".q.weight", at + ".k.weight", at + ".v.weight");
        return product(path, path + "/output", x, matrices, at + ".qkv.bias", at + ".qkv.order");
    }

    @Override
    public Value units(String path, Value x, List<String> matrices, String bias, String order) {
        return product(path, path + "/output", x, matrices, bias, order);
    }

    @Override
    public Value logits(String path, Value x) {
        if (compute == DataType.FLOAT) {
            return product(path, "logits", x, List.of("head.weight"), "", "");
        }
        Value narrow = product(path, path + "/output", x, List.of("head.weight"), "", "");
        return cast(path + "/Cast", narrow, DataType.FLOAT, "logits");
    }

    @Override
    public Value leafProduct(String path, Value x, String at, Value collective) {
        return product(path, path + "/output", x, List.of(at + ".weight"), "", at + ".order");
    }

    /**
     * <pre>
     * plain:      x ─ Gemm(W^T, bias) ─            quantised:  x ─ Gather(order) ─ MatMulNBits ─ Add(bias) ─
     *           [T, K]    [T, N]                             [T, K]    [T, K]        [T, N]      [T, N]
     * </pre>
     */
    private Value product(String path, String result, Value x, List<String> matrices, String bias, String order) {
        Value left = as(x, compute);
        String name = matrices.size() == 1 ? matrices.getFirst() : path.substring(1) + "/weight";
        int outputs = weights.outputs(matrices);
        Dim rows = x.shape().getFirst();
        if (!weights.isQuantised(matrices.getFirst())) {
            List<Value> inputs = List.of(left, weights.dense(name, matrices, compute), optional(bias));
            return graph.node(STOCK, "Gemm", path, inputs, Map.of("transB", 1), result, compute, rows, Dim.of(outputs));
        }
        return quantised(path, result, ordered(path, left, order), name, matrices, bias);
    }

    private Value ordered(String path, Value x, String order) {
        if (!weights.has(order)) {
            return x;
        }
        List<Value> inputs = List.of(x, weights.dense(order, DataType.INT32));
        return graph.node(
                STOCK,
                "Gather",
                path + "/order/Gather",
                inputs,
                Map.of("axis", 1),
                path + "/ordered",
                compute,
                x.shape().toArray(new Dim[0]));
    }

    private Value quantised(String path, String result, Value x, String name, List<String> matrices, String bias) {
        Dim[] shape = {x.shape().getFirst(), Dim.of(weights.outputs(matrices))};
        Map<String, Object> attributes = Map.of(
                "K",
                weights.inputs(matrices),
                "N",
                weights.outputs(matrices),
                "bits",
                weights.bits(matrices),
                "block_size",
                group);
        List<Value> inputs = List.of(
                x,
                weights.codes(name, matrices),
                weights.scales(name, matrices, compute),
                weights.zeros(name, matrices));
        if (!weights.has(bias)) {
            return graph.node(MICROSOFT, "MatMulNBits", path, inputs, attributes, result, compute, shape);
        }
        Value sum = graph.node(MICROSOFT, "MatMulNBits", path, inputs, attributes, path + "/sum", compute, shape);
        List<Value> both = List.of(sum, optional(bias));
        return graph.node(STOCK, "Add", path + "/bias/Add", both, Map.of(), result, compute, shape);
    }

    @Override
    public Value attention(String path, Value qkv, StepInputs step, int layer) {
        return attention.of(path, qkv, layer);
    }

    @Override
    public Value layerNorm(String path, Value x, String norm, double epsilon) {
        List<Value> inputs = List.of(
                x, weights.dense(norm + ".weight", DataType.FLOAT), weights.dense(norm + ".bias", DataType.FLOAT));
        return alike("LayerNormalization", path, inputs, Map.of("axis", -1, "epsilon", (float) epsilon));
    }

    @Override
    public Value rmsNorm(String path, Value x, String norm, double epsilon) {
        List<Value> inputs = List.of(x, weights.dense(norm + ".weight", DataType.FLOAT));
        return alike("RMSNormalization", path, inputs, Map.of("axis", -1, "epsilon", (float) epsilon));
    }

    @Override
    public Value gelu(String path, Value x) {
        return alike("Gelu", path, List.of(x), Map.of("approximate", "tanh"));
    }

    /**
     * <pre>
     * gate, up ─ Split ─┬─ gate ─┬─ Sigmoid ─ Mul ─ Mul ─
     *  [T, 2 I]         │        └─────────────┘     │  [T, I]
     *                   └─ up ───────────────────────┘
     * </pre>
     */
    @Override
    public Value siluMul(String path, Value gateUp) {
        Dim rows = gateUp.shape().getFirst();
        Dim half = Dim.of(architecture.intermediate());
        Value gate = new Value(path + "/gate", gateUp.type(), List.of(rows, half));
        Value up = new Value(path + "/up", gateUp.type(), List.of(rows, half));
        graph.node(
                STOCK,
                "Split",
                path + "/Split",
                List.of(gateUp),
                Map.of("axis", 1, "num_outputs", 2),
                List.of(gate, up));
        Value open = alike("Sigmoid", path + "/Sigmoid", List.of(gate), Map.of());
        Value silu = alike("Mul", path + "/silu/Mul", List.of(gate, open), Map.of());
        return alike("Mul", path, List.of(silu, up), Map.of());
    }

    @Override
    public Value residual(String path, Value x, Value delta, String bias) {
        Value wide = as(delta, DataType.FLOAT);
        if (weights.has(bias)) {
            wide = alike("Add", path + "/bias/Add", List.of(wide, weights.dense(bias, DataType.FLOAT)), Map.of());
        }
        return alike("Add", path, List.of(x, wide), Map.of());
    }

    @Override
    public Value rows(String path, Value x, Value rows) {
        return graph.node(
                STOCK,
                "Gather",
                path,
                List.of(x, rows),
                Map.of("axis", 0),
                path + "/output",
                x.type(),
                rows.shape().getFirst(),
                x.shape().getLast());
    }

    /** A node whose result has the first input's type and shape. */
    private Value alike(String op, String path, List<Value> inputs, Map<String, Object> attributes) {
        Value first = inputs.getFirst();
        return graph.node(
                STOCK,
                op,
                path,
                inputs,
                attributes,
                path + "/output",
                first.type(),
                first.shape().toArray(new Dim[0]));
    }

    private Value node(
            String op, String path, List<Value> inputs, Map<String, Object> attributes, DataType type, long width) {
        return graph.node(STOCK, op, path, inputs, attributes, path + "/output", type, TOKENS, Dim.of(width));
    }

    private Value optional(String bias) {
        return weights.has(bias) ? weights.dense(bias, compute) : Value.NONE;
    }

    /** {@code x} in another type; the same cast is made once. */
    private Value as(Value x, DataType type) {
        if (x.type() == type) {
            return x;
        }
        String name = x.name() + (type == DataType.FLOAT ? "/wide" : "/narrow");
        return cast.computeIfAbsent(name, _ -> cast(name + "/Cast", x, type, name));
    }

    private Value cast(String path, Value x, DataType type, String result) {
        return graph.node(
                STOCK,
                "Cast",
                path,
                List.of(x),
                Map.of("to", type.getNumber()),
                result,
                type,
                x.shape().toArray(new Dim[0]));
    }
}
