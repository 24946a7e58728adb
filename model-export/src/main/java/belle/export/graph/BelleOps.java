package belle.export.graph;

import static belle.export.graph.GraphBuilder.BELLE;
import static belle.export.graph.GraphBuilder.STOCK;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import belle.export.graph.Value.Dim;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.Manifest.Architecture;
import belle.proto.bundle.Manifest.TensorEntry;
import belle.proto.bundle.WeightType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * One method a custom op: adds its node at {@code path} with the weights it needs and returns its result.
 *
 * <p>Activations are float32 with a row for each packed token: [T, width].
 */
final class BelleOps implements ModelOps {
    private static final Dim TOKENS = Dim.of("T");

    /** Inputs of a quantised product whose activations share a scale. */
    private static final int ACTIVATION_GROUP = 128;

    /** Where a quantised product has the order of its inputs: behind x, three weights and a bias. */
    private static final int ORDER_INPUT = 5;

    private final GraphBuilder graph;
    private final Architecture architecture;
    private final Map<String, TensorEntry> tensors;
    private final Map<String, Value> loaded = new HashMap<>();
    private final Map<String, Value> multiplied = new LinkedHashMap<>();
    private final int group;
    private final RankCut cut;

    /** {@code group} inputs share a scale where weights are quantised. */
    BelleOps(GraphBuilder graph, Architecture architecture, Map<String, TensorEntry> tensors, int group, RankCut cut) {
        this.graph = graph;
        this.architecture = architecture;
        this.tensors = Map.copyOf(tensors);
        this.group = group;
        this.cut = cut;
    }

    @Override
    public Value embedding(String path, Value ids) {
        String name = has("embedding.weight") ? "embedding.weight" : "head.weight";
        TensorEntry table = entry(name);
        Map<String, Object> attributes = new HashMap<>(Map.of(
                "layout", table.layout(), "vocabulary", architecture.vocabulary(), "hidden", architecture.hidden()));
        if (type(table).isQuantised()) {
            attributes.put("group", group);
        }
        return add("Embedding", path, List.of(ids, whole(name)), attributes, TOKENS, architecture.hidden());
    }

    @Override
    public Value product(String path, Value x, List<String> weights, String bias, String order) {
        List<RankCut.Part> parts =
                weights.stream().map(name -> cut.outputs(entry(name))).toList();
        return product(path, path + "/output", x, weights, parts, bias, order);
    }

    @Override
    public Value logits(String path, Value x) {
        List<RankCut.Part> part = List.of(cut.outputs(entry("head.weight")));
        return product(path, "logits", x, List.of("head.weight"), part, "", "");
    }

    @Override
    public Value leafProduct(String path, Value x, String weight, String order) {
        List<RankCut.Part> part = List.of(cut.leaves(entry(weight), group));
        return product(path, path + "/output", x, List.of(weight), part, "", order);
    }

    private Value product(
            String path,
            String result,
            Value x,
            List<String> weights,
            List<RankCut.Part> parts,
            String bias,
            String order) {
        weights.forEach(matrix -> multiplied.put(matrix, x));
        WeightType type = type(entry(weights.getFirst()));
        List<Value> inputs = new ArrayList<>(List.of(x, matrix(weights.getFirst(), parts.getFirst())));
        inputs.add(optional(bias));
        Map<String, Object> attributes = new HashMap<>(
                Map.of("K", parts.getFirst().inputs(), "n0", parts.getFirst().outputs(), "n1", 0, "n2", 0));
        int outputs = parts.getFirst().outputs();
        for (int i = 1; i < weights.size(); i++) {
            inputs.add(matrix(weights.get(i), parts.get(i)));
            attributes.put("n" + i, parts.get(i).outputs());
            outputs += parts.get(i).outputs();
        }
        if (!parts.getFirst().leafInputs().isEmpty()) {
            attributes.put("leaf_inputs", parts.getFirst().leafInputs());
        }
        if (type.isQuantised()) {
            attributes.put("group", group);
            attributes.put("activation_group", Math.min(group, ACTIVATION_GROUP));
            inputs.addAll(Collections.nCopies(ORDER_INPUT - inputs.size(), Value.NONE));
            inputs.add(optional(order));
        }
        return graph.node(
                BELLE,
                "MatMul" + type.label().toUpperCase(Locale.ROOT),
                path,
                inputs,
                attributes,
                result,
                DataType.FLOAT,
                x.shape().getFirst(),
                Dim.of(outputs));
    }

    /** What each matrix so far is multiplied with. */
    Map<String, Value> multiplied() {
        return multiplied;
    }

    @Override
    public Value attention(String path, Value qkv, StepInputs step, int layer) {
        int heads = cut.share(architecture.heads());
        Map<String, Object> attributes = Map.of(
                "num_heads",
                heads,
                "kv_num_heads",
                cut.share(architecture.kvHeads()),
                "head_dim",
                architecture.headDim(),
                "layer",
                layer,
                "scale",
                (float) (1 / Math.sqrt(architecture.headDim())));
        List<Value> inputs = List.of(
                qkv,
                step.kvPool(),
                step.blockTable(),
                step.cuSeqlens(),
                step.pastLens(),
                optional("rope.cos"),
                optional("rope.sin"),
                optional("alibi.slopes"));
        return add("PagedAttention", path, inputs, attributes, TOKENS, (long) heads * architecture.headDim());
    }

    @Override
    public Value layerNorm(String path, Value x, String norm, double epsilon) {
        List<Value> inputs = List.of(x, whole(norm + ".weight"), whole(norm + ".bias"));
        return add(
                "LayerNorm",
                path,
                inputs,
                Map.of("epsilon", (float) epsilon),
                x.shape().getFirst(),
                width(x));
    }

    @Override
    public Value rmsNorm(String path, Value x, String norm, double epsilon) {
        List<Value> inputs = List.of(x, whole(norm + ".weight"));
        return add(
                "RMSNorm",
                path,
                inputs,
                Map.of("epsilon", (float) epsilon),
                x.shape().getFirst(),
                width(x));
    }

    @Override
    public Value gelu(String path, Value x) {
        return add("Gelu", path, List.of(x), Map.of(), TOKENS, width(x));
    }

    @Override
    public Value siluMul(String path, Value gateUp) {
        return add("SiluMul", path, List.of(gateUp), Map.of(), TOKENS, width(gateUp) / 2);
    }

    @Override
    public Value residual(String path, Value x, Value delta, String bias) {
        return add("Residual", path, List.of(x, delta, optional(bias)), Map.of(), TOKENS, width(x));
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
                DataType.FLOAT,
                rows.shape().getFirst(),
                Dim.of(width(x)));
    }

    private Value add(
            String op, String path, List<Value> inputs, Map<String, Object> attributes, Dim rows, long width) {
        return graph.node(BELLE, op, path, inputs, attributes, path + "/output", DataType.FLOAT, rows, Dim.of(width));
    }

    private static long width(Value x) {
        return switch (x.shape().getLast()) {
            case Dim.Fixed(long size) -> size;
            case Dim.Symbol(String name) -> throw new IllegalStateException("the width of " + x.name() + " is " + name);
        };
    }

    private boolean has(String tensor) {
        return tensors.containsKey(tensor);
    }

    private TensorEntry entry(String tensor) {
        TensorEntry entry = tensors.get(tensor);
        return Objects.requireNonNull(entry, () -> "the plan has no tensor " + tensor);
    }

    private Value optional(String tensor) {
        return has(tensor) ? whole(tensor) : Value.NONE;
    }

    /** A tensor that every rank needs as a whole: loaded once, used by many nodes. */
    private Value whole(String tensor) {
        TensorEntry entry = entry(tensor);
        if (entry.layout().equals("tiles64")) {
            return matrix(tensor, RankCut.WHOLE.outputs(entry));
        }
        List<Dim> shape = entry.dims().stream().map(Dim::of).toList();
        return loaded.computeIfAbsent(
                tensor,
                name -> graph.external(
                        name, elements(type(entry)), shape, Manifest.WEIGHTS_FILE, entry.offset(), entry.bytes()));
    }

    /**
     * A tiles64 matrix: [tiles of 64 outputs, K, 64], or quantised [tiles, groups, bytes of a block]; also one that is
     * stored leaf by leaf.
     */
    private Value matrix(String tensor, RankCut.Part part) {
        int tiles = Math.ceilDiv(part.outputs(), WeightType.TILE);
        WeightType type = type(entry(tensor));
        List<Dim> shape = type.isQuantised()
                ? List.of(Dim.of(tiles), Dim.of(Math.ceilDiv(part.inputs(), group)), Dim.of(type.blockBytes(group)))
                : List.of(Dim.of(tiles), Dim.of(part.inputs()), Dim.of(WeightType.TILE));
        boolean everything = part.bytes() == entry(tensor).bytes();
        return loaded.computeIfAbsent(
                everything ? tensor : tensor + "/rank-" + cut.rank(),
                name -> graph.external(
                        name, elements(type), shape, Manifest.WEIGHTS_FILE, part.offset(), part.bytes()));
    }

    private static WeightType type(TensorEntry entry) {
        return WeightType.of(entry.type()).orElseThrow();
    }

    private static DataType elements(WeightType type) {
        return switch (type) {
            case F32 -> DataType.FLOAT;
            case F16 -> DataType.FLOAT16;
            case Q8, Q4 -> DataType.UINT8;
            case I32 -> DataType.INT32;
        };
    }
}
