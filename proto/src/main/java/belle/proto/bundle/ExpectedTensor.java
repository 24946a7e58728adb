package belle.proto.bundle;

import belle.proto.bundle.Manifest.Architecture;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A tensor that an architecture has: the one list of names and shapes of {@code weights.bin}.
 *
 * @param dims [N, K] of a matrix of N outputs and K inputs, or [N] of a vector
 * @param leafInputs where the 8 leaves of a matrix cut along its inputs begin and end, else empty
 * @param required false for biases, an embedding and an order of inputs, which only some checkpoints have
 */
public record ExpectedTensor(List<Integer> dims, String layout, List<Integer> leafInputs, Kind kind, boolean required) {
    /** What decides a tensor's type. */
    public enum Kind {
        /** A layer's matrix: the bundle's weight type. */
        LAYER,
        /** The bundle's weight type, or f16 where that is quantised. */
        EMBEDDING,
        /** The bundle's weight type, or f16 or q8 where that is quantised. */
        HEAD,
        /** Norms, biases, tables: f32. */
        NUMBERS,
        /** Which input of a quantised matrix each one is: i32. */
        ORDER
    }

    public ExpectedTensor {
        dims = List.copyOf(dims);
        leafInputs = List.copyOf(leafInputs);
    }

    /** Returns the types that a tensor of this kind may have in a bundle of {@code weights}. */
    public List<WeightType> types(WeightType weights) {
        return switch (kind) {
            case LAYER -> weights == WeightType.Q4 ? List.of(WeightType.Q4, WeightType.Q8) : List.of(weights);
            case EMBEDDING -> List.of(weights.isQuantised() ? WeightType.F16 : weights);
            case HEAD -> weights.isQuantised() ? List.of(WeightType.F16, WeightType.Q8) : List.of(weights);
            case NUMBERS -> List.of(WeightType.F32);
            case ORDER -> List.of(WeightType.I32);
        };
    }

    /**
     * Returns all tensors by name, in the order in which a step uses them.
     *
     * @param group inputs that share a scale in quantised weights, else 0
     */
    public static Map<String, ExpectedTensor> of(Architecture a, int group) {
        boolean bloom = a.family().equals("bloom");
        Map<String, ExpectedTensor> all = new LinkedHashMap<>();
        all.put(
                "embedding.weight",
                new ExpectedTensor(List.of(a.vocabulary(), a.hidden()), "rows", List.of(), Kind.EMBEDDING, false));
        if (bloom) {
            norm(all, "embedding_norm", a.hidden(), true);
            all.put("alibi.slopes", vector(a.heads(), true));
        } else {
            all.put("rope.cos", rope(a));
            all.put("rope.sin", rope(a));
        }
        for (int layer = 0; layer < a.layers(); layer++) {
            layer(all, "layers." + layer + ".", a, group, bloom);
        }
        norm(all, "final_norm", a.hidden(), bloom);
        all.put("head.weight", matrix(a.vocabulary(), a.hidden(), Kind.HEAD));
        return all;
    }

    private static void layer(Map<String, ExpectedTensor> all, String at, Architecture a, int group, boolean bloom) {
        int queries = a.heads() * a.headDim();
        int keys = a.kvHeads() * a.headDim();
        norm(all, at + "attention_norm", a.hidden(), bloom);
        order(all, at + "attention.qkv", a.hidden(), group);
        all.put(at + "attention.q.weight", matrix(queries, a.hidden(), Kind.LAYER));
        all.put(at + "attention.k.weight", matrix(keys, a.hidden(), Kind.LAYER));
        all.put(at + "attention.v.weight", matrix(keys, a.hidden(), Kind.LAYER));
        all.put(at + "attention.qkv.bias", vector(queries + 2 * keys, bloom));
        order(all, at + "attention.output", queries, group);
        all.put(at + "attention.output.weight", leaves(a.hidden(), Leaves.attention(queries, a.headDim(), group)));
        all.put(at + "attention.output.bias", vector(a.hidden(), bloom));
        norm(all, at + "mlp_norm", a.hidden(), bloom);
        order(all, at + "mlp.up", a.hidden(), group);
        if (bloom) {
            all.put(at + "mlp.up.weight", matrix(a.intermediate(), a.hidden(), Kind.LAYER));
            all.put(at + "mlp.up.bias", vector(a.intermediate(), true));
        } else {
            all.put(at + "mlp.gate.weight", matrix(a.intermediate(), a.hidden(), Kind.LAYER));
            all.put(at + "mlp.up.weight", matrix(a.intermediate(), a.hidden(), Kind.LAYER));
            all.put(at + "mlp.gate_up.bias", vector(2 * a.intermediate(), false));
        }
        order(all, at + "mlp.down", a.intermediate(), group);
        all.put(at + "mlp.down.weight", leaves(a.hidden(), Leaves.mlp(a.intermediate(), group)));
        all.put(at + "mlp.down.bias", vector(a.hidden(), bloom));
    }

    private static void norm(Map<String, ExpectedTensor> all, String name, int hidden, boolean withBias) {
        all.put(name + ".weight", vector(hidden, true));
        if (withBias) {
            all.put(name + ".bias", vector(hidden, true));
        }
    }

    private static void order(Map<String, ExpectedTensor> all, String name, int inputs, int group) {
        if (group > 0) {
            all.put(name + ".order", new ExpectedTensor(List.of(inputs), "vector", List.of(), Kind.ORDER, false));
        }
    }

    private static ExpectedTensor rope(Architecture a) {
        return new ExpectedTensor(List.of(a.contextTokens(), a.headDim() / 2), "rows", List.of(), Kind.NUMBERS, true);
    }

    private static ExpectedTensor vector(int size, boolean required) {
        return new ExpectedTensor(List.of(size), "vector", List.of(), Kind.NUMBERS, required);
    }

    private static ExpectedTensor matrix(int outputs, int inputs, Kind kind) {
        return new ExpectedTensor(List.of(outputs, inputs), "tiles64", List.of(), kind, true);
    }

    private static ExpectedTensor leaves(int outputs, List<Integer> leafInputs) {
        return new ExpectedTensor(List.of(outputs, leafInputs.getLast()), "tiles64", leafInputs, Kind.LAYER, true);
    }
}
