package belle.export.graph;

import static belle.export.graph.GraphBuilder.BELLE;
import static belle.export.graph.GraphBuilder.STOCK;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import belle.export.graph.Value.Dim;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.Manifest.Architecture;
import belle.proto.bundle.Manifest.TensorEntry;
import belle.proto.bundle.RankShare.Range;
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

    /** Matrices that one product may have side by side. */
    private static final int PARTS = 3;

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
    public Value qkv(String path, Value x, String at) {
        Range keys = times(cut.share().kvHeads(), architecture.headDim());
        return product(
                path,
                x,
                List.of(at + ".q.weight", at + ".k.weight", at + ".v.weight"),
                List.of(times(cut.share().heads(), architecture.headDim()), keys, keys),
                at + ".qkv.bias",
                at + ".qkv.order");
    }

    @Override
    public Value units(String path, Value x, List<String> weights, String bias, String order) {
        return product(
                path,
                x,
                weights,
                Collections.nCopies(weights.size(), cut.share().units()),
                bias,
                order);
    }

    @Override
    public Value logits(String path, Value x) {
        RankCut.Part part = RankCut.outputs(entry("head.weight"), cut.share().vocabulary());
        return product(path, "logits", x, List.of("head.weight"), List.of(part), Value.NONE, Value.NONE, List.of());
    }

    @Override
    public Value leafProduct(String path, Value x, String at, Value collective) {
        RankCut.Part part = cut.leaves(entry(at + ".weight"), group);
        Value own = product(
                path,
                path + "/output",
                x,
                List.of(at + ".weight"),
                List.of(part),
                Value.NONE,
                optional(at + ".order"),
                List.of());
        return cut.isWhole()
                ? own
                : add("AllReduce", path + "/AllReduce", List.of(own, collective), Map.of(), TOKENS, width(own));
    }

    /** Products cut along their outputs; of each matrix the rank has a range of them. */
    private Value product(String path, Value x, List<String> weights, List<Range> outputs, String bias, String order) {
        List<RankCut.Part> parts = new ArrayList<>();
        List<Integer> biasAt = new ArrayList<>();
        int before = 0;
        for (int i = 0; i < weights.size(); i++) {
            TensorEntry matrix = entry(weights.get(i));
            parts.add(RankCut.outputs(matrix, outputs.get(i)));
            biasAt.add(before + outputs.get(i).from());
            before += matrix.dims().getFirst();
        }
        biasAt.addAll(Collections.nCopies(PARTS - biasAt.size(), 0));
        return product(path, path + "/output", x, weights, parts, optional(bias), optional(order), biasAt);
    }

    private static Range times(Range range, int factor) {
        return new Range(range.from() * factor, range.to() * factor);
    }

    private Value product(
            String path,
            String result,
            Value x,
            List<String> weights,
            List<RankCut.Part> parts,
            Value bias,
            Value order,
            List<Integer> biasAt) {
        weights.forEach(matrix -> multiplied.put(matrix, x));
        WeightType type = type(entry(weights.getFirst()));
        List<Value> inputs = new ArrayList<>(List.of(x, matrix(weights.getFirst(), parts.getFirst())));
        inputs.add(bias);
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
        if (!cut.isWhole() && !bias.isNone()) {
            attributes.put("bias_at", biasAt);
        }
        List<Integer> skips =
                new ArrayList<>(parts.stream().map(RankCut.Part::skip).toList());
        if (skips.stream().anyMatch(skip -> skip > 0)) {
            skips.addAll(Collections.nCopies(PARTS - skips.size(), 0));
            attributes.put("skip", skips);
        }
        if (type.isQuantised()) {
            attributes.put("group", group);
            attributes.put("activation_group", Math.min(group, ACTIVATION_GROUP));
            inputs.addAll(Collections.nCopies(ORDER_INPUT - inputs.size(), Value.NONE));
            inputs.add(order);
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
        int heads = cut.share().heads().size();
        Map<String, Object> attributes = Map.of(
                "num_heads",
                heads,
                "kv_num_heads",
                cut.share().kvHeads().size(),
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
                has("alibi.slopes") ? slopes() : Value.NONE);
        return add("PagedAttention", path, inputs, attributes, TOKENS, (long) heads * architecture.headDim());
    }

    /** The slopes of the rank's heads. */
    private Value slopes() {
        if (cut.isWhole()) {
            return whole("alibi.slopes");
        }
        Range heads = cut.share().heads();
        TensorEntry entry = entry("alibi.slopes");
        return external(
                "alibi.slopes" + RankGraph.PART,
                entry,
                List.of(Dim.of(heads.size())),
                entry.offset() + (long) heads.from() * Float.BYTES,
                (long) heads.size() * Float.BYTES);
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
            return matrix(tensor, RankCut.whole(entry));
        }
        List<Dim> shape = entry.dims().stream().map(Dim::of).toList();
        return external(tensor, entry, shape, entry.offset(), entry.bytes());
    }

    /**
     * A tiles64 matrix: [tiles of 64 outputs, K, 64], or quantised [tiles, groups, bytes of a block]; also one that is
     * stored leaf by leaf.
     */
    private Value matrix(String tensor, RankCut.Part part) {
        TensorEntry entry = entry(tensor);
        WeightType type = type(entry);
        List<Dim> shape = type.isQuantised()
                ? List.of(
                        Dim.of(part.tiles()),
                        Dim.of(Math.ceilDiv(part.inputs(), group)),
                        Dim.of(type.blockBytes(group)))
                : List.of(Dim.of(part.tiles()), Dim.of(part.inputs()), Dim.of(WeightType.TILE));
        String name = part.bytes() == entry.bytes() ? tensor : tensor + RankGraph.PART;
        return external(name, entry, shape, part.offset(), part.bytes());
    }

    private Value external(String name, TensorEntry entry, List<Dim> shape, long offset, long bytes) {
        return loaded.computeIfAbsent(
                name,
                fresh -> graph.external(fresh, elements(type(entry)), shape, Manifest.WEIGHTS_FILE, offset, bytes));
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
