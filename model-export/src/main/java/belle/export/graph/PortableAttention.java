package belle.export.graph;

import static belle.export.graph.GraphBuilder.STOCK;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import belle.export.graph.Value.Dim;
import belle.proto.bundle.Manifest.Architecture;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Attention over slots in ONNX's own operators: {@code TensorScatter} writes the new keys and values into their slot, in
 * place where the run binds one buffer to both ends of it, and {@code Attention} reads the slot as far as it is valid.
 *
 * <p>Causality comes from {@code is_causal}, whose diagonal ends at the last valid place (ONNX's erratum to operator set
 * 24); a mask is there for ALiBi alone, because a provider's fastest kernels take none.
 */
final class PortableAttention {
    private static final Dim SLOTS = Dim.of("B");
    private static final Dim TOKENS = Dim.of("S");
    private static final Dim PLACES = Dim.of("P");
    private static final Map<String, Object> TURN = Map.of("perm", List.of(0, 2, 1, 3));

    private final GraphBuilder graph;
    private final Architecture architecture;
    private final PortableWeights weights;
    private final PortableInputs inputs;
    private final DataType compute;
    private final List<Value> presents = new ArrayList<>();
    private final Value headsShape;
    private final Value flatShape;
    private final Value cuts;
    private @Nullable Value alibi;

    PortableAttention(
            GraphBuilder graph,
            Architecture architecture,
            PortableWeights weights,
            PortableInputs inputs,
            DataType compute) {
        this.graph = graph;
        this.architecture = architecture;
        this.weights = weights;
        this.inputs = inputs;
        this.compute = compute;
        Value shape = add("Shape", "/inputs/Shape", List.of(inputs.inputIds()), Map.of(), DataType.INT64, Dim.of(2));
        Value heads = graph.numbers("/inputs/heads", false, allHeads(), architecture.headDim());
        headsShape = add(
                "Concat", "/inputs/heads/Concat", List.of(shape, heads), Map.of("axis", 0), DataType.INT64, Dim.of(4));
        flatShape = graph.numbers("/inputs/mixed", false, -1, mixedWidth());
        cuts = graph.numbers(
                "/inputs/cuts", false, architecture.heads(), architecture.kvHeads(), architecture.kvHeads());
    }

    /** Every layer's caches after the run, in the order of the layers, keys first. */
    List<Value> presents() {
        return presents;
    }

    /**
     * <pre>
     * qkv ─ Reshape ─ Transpose ─ Split ─┬─ q ─ RotaryEmbedding ───────────────────────┬─ Attention ─ Transpose ─ Reshape ─
     * [T, (H + 2 Hkv) D]   [B, H + 2 Hkv, S, D]  ├─ k ─ RotaryEmbedding ─ TensorScatter(key) ──┤  [B, H, S, D]            [T, H D]
     *                                    └─ v ──────────────────── TensorScatter(value) ┘
     * </pre>
     */
    Value of(String path, Value qkv, int layer) {
        int heads = architecture.heads();
        int kvHeads = architecture.kvHeads();
        Value rows = add(
                "Reshape",
                path + "/Reshape",
                List.of(qkv, headsShape),
                Map.of(),
                compute,
                SLOTS,
                TOKENS,
                Dim.of(allHeads()),
                headDim());
        Value turned = byHead("Transpose", path + "/Transpose", List.of(rows), TURN, allHeads());
        Value q = headed(path + "/q", heads);
        Value k = headed(path + "/k", kvHeads);
        Value v = headed(path + "/v", kvHeads);
        graph.node(STOCK, "Split", path + "/Split", List.of(turned, cuts), Map.of("axis", 1), List.of(q, k, v));
        Value keys = scattered(path + "/key/TensorScatter", inputs.keys().get(layer), rotated(path + "/k", k, kvHeads));
        Value values = scattered(path + "/value/TensorScatter", inputs.values().get(layer), v);
        Value mixed = byHead(
                "Attention",
                path,
                List.of(rotated(path + "/q", q, heads), keys, values, mask(), Value.NONE, Value.NONE, inputs.kvLens()),
                Map.of("is_causal", 1, "scale", (float) (1 / Math.sqrt(architecture.headDim()))),
                heads);
        Value back = add(
                "Transpose",
                path + "/back/Transpose",
                List.of(mixed),
                TURN,
                compute,
                SLOTS,
                TOKENS,
                Dim.of(heads),
                headDim());
        return add(
                "Reshape",
                path + "/back/Reshape",
                List.of(back, flatShape),
                Map.of(),
                compute,
                Dim.of("T"),
                Dim.of(mixedWidth()));
    }

    private Value rotated(String path, Value x, int heads) {
        if (!weights.has("rope.cos")) {
            return x;
        }
        List<Value> given =
                List.of(x, weights.dense("rope.cos", compute), weights.dense("rope.sin", compute), inputs.positions());
        return byHead("RotaryEmbedding", path + "/RotaryEmbedding", given, Map.of(), heads);
    }

    private Value scattered(String path, Value cache, Value update) {
        Value present = graph.node(
                STOCK,
                "TensorScatter",
                path,
                List.of(cache, update, inputs.writeAt()),
                Map.of("axis", 2),
                cache.name() + ".out",
                compute,
                cache.shape().toArray(new Dim[0]));
        presents.add(present);
        return present;
    }

    /** ALiBi's bias, the same in every layer; nothing in a model without. */
    private Value mask() {
        if (!weights.has("alibi.slopes")) {
            return Value.NONE;
        }
        Value known = alibi;
        if (known == null) {
            known = bias();
            alibi = known;
        }
        return known;
    }

    /**
     * <pre>
     * key.0 ─ Shape ─ Range ─ Cast ─ Sub(position) ─ Min(0) ─ Mul(slope) ─ Cast ─
     *               [P]            [B, 1, S, P]            [B, H, S, P]
     * </pre>
     *
     * Slopes times distances and not, as ALiBi allows as well, times places: near keys then have small numbers, which
     * float16 keeps apart.
     */
    private Value bias() {
        Dim[] distances = {SLOTS, Dim.of(1), TOKENS, PLACES};
        Dim[] biases = {SLOTS, Dim.of(architecture.heads()), TOKENS, PLACES};
        Value zero = graph.numbers("/alibi/zero", true, 0);
        Value own = unsqueezed("/alibi/own", inputs.positions(), List.of(1, 3), SLOTS, Dim.of(1), TOKENS, Dim.of(1));
        Value behind = add("Sub", "/alibi/Sub", List.of(places(zero), own), Map.of(), DataType.INT64, distances);
        Value distance = add("Min", "/alibi/Min", List.of(behind, zero), Map.of(), DataType.INT64, distances);
        Value wide = cast("/alibi/wide", distance, DataType.FLOAT, distances);
        Value slopes = unsqueezed(
                "/alibi/slopes",
                weights.dense("alibi.slopes", DataType.FLOAT),
                List.of(0, 2, 3),
                Dim.of(1),
                Dim.of(architecture.heads()),
                Dim.of(1),
                Dim.of(1));
        Value bias = add("Mul", "/alibi/Mul", List.of(wide, slopes), Map.of(), DataType.FLOAT, biases);
        return compute == DataType.FLOAT ? bias : cast("/alibi/narrow", bias, compute, biases);
    }

    /** The places of a slot, 0 to P - 1. */
    private Value places(Value zero) {
        Value shape = add(
                "Shape",
                "/alibi/Shape",
                List.of(inputs.keys().getFirst()),
                Map.of("start", 2, "end", 3),
                DataType.INT64,
                Dim.of(1));
        Value count = add("Squeeze", "/alibi/Squeeze", List.of(shape), Map.of(), DataType.INT64);
        Value one = graph.numbers("/alibi/one", true, 1);
        return add("Range", "/alibi/Range", List.of(zero, count, one), Map.of(), DataType.INT64, PLACES);
    }

    private Value unsqueezed(String path, Value x, List<Integer> axes, Dim... shape) {
        Value numbers = graph.numbers(
                path + "/axes",
                false,
                axes.stream().mapToLong(Integer::longValue).toArray());
        return add("Unsqueeze", path + "/Unsqueeze", List.of(x, numbers), Map.of(), x.type(), shape);
    }

    private Value cast(String path, Value x, DataType type, Dim... shape) {
        return add("Cast", path + "/Cast", List.of(x), Map.of("to", type.getNumber()), type, shape);
    }

    private int allHeads() {
        return architecture.heads() + 2 * architecture.kvHeads();
    }

    private long mixedWidth() {
        return (long) architecture.heads() * architecture.headDim();
    }

    private Dim headDim() {
        return Dim.of(architecture.headDim());
    }

    private Value headed(String name, int heads) {
        return new Value(name, compute, List.of(SLOTS, Dim.of(heads), TOKENS, headDim()));
    }

    private Value byHead(String op, String path, List<Value> given, Map<String, Object> attributes, int heads) {
        return add(op, path, given, attributes, compute, SLOTS, Dim.of(heads), TOKENS, headDim());
    }

    private Value add(
            String op, String path, List<Value> given, Map<String, Object> attributes, DataType type, Dim... shape) {
        return graph.node(STOCK, op, path, given, attributes, path + "/output", type, shape);
    }
}
