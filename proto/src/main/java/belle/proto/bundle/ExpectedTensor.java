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
 * @param matrix stored in the bundle's weight type; all else is f32
 * @param required false for biases and an embedding that only some checkpoints have
 */
public record ExpectedTensor(
        List<Integer> dims, String layout, List<Integer> leafInputs, boolean matrix, boolean required) {
    public ExpectedTensor {
        dims = List.copyOf(dims);
        leafInputs = List.copyOf(leafInputs);
    }

    /** Returns all tensors by name, in the order in which a step uses them. */
    public static Map<String, ExpectedTensor> of(Architecture a) {
        boolean bloom = a.family().equals("bloom");
        Map<String, ExpectedTensor> all = new LinkedHashMap<>();
        all.put(
                "embedding.weight",
                new ExpectedTensor(List.of(a.vocabulary(), a.hidden()), "rows", List.of(), true, false));
        if (bloom) {
            norm(all, "embedding_norm", a.hidden(), true);
            all.put("alibi.slopes", vector(a.heads(), true));
        } else {
            all.put("rope.cos", rope(a));
            all.put("rope.sin", rope(a));
        }
        for (int layer = 0; layer < a.layers(); layer++) {
            layer(all, "layers." + layer + ".", a, bloom);
        }
        norm(all, "final_norm", a.hidden(), bloom);
        all.put("head.weight", matrix(a.vocabulary(), a.hidden()));
        return all;
    }

    private static void layer(Map<String, ExpectedTensor> all, String at, Architecture a, boolean bloom) {
        int queries = a.heads() * a.headDim();
        int keys = a.kvHeads() * a.headDim();
        norm(all, at + "attention_norm", a.hidden(), bloom);
        all.put(at + "attention.q.weight", matrix(queries, a.hidden()));
        all.put(at + "attention.k.weight", matrix(keys, a.hidden()));
        all.put(at + "attention.v.weight", matrix(keys, a.hidden()));
        all.put(at + "attention.qkv.bias", vector(queries + 2 * keys, bloom));
        all.put(at + "attention.output.weight", leaves(a.hidden(), Leaves.attention(queries, a.headDim())));
        all.put(at + "attention.output.bias", vector(a.hidden(), bloom));
        norm(all, at + "mlp_norm", a.hidden(), bloom);
        if (bloom) {
            all.put(at + "mlp.up.weight", matrix(a.intermediate(), a.hidden()));
            all.put(at + "mlp.up.bias", vector(a.intermediate(), true));
        } else {
            all.put(at + "mlp.gate.weight", matrix(a.intermediate(), a.hidden()));
            all.put(at + "mlp.up.weight", matrix(a.intermediate(), a.hidden()));
            all.put(at + "mlp.gate_up.bias", vector(2 * a.intermediate(), false));
        }
        all.put(at + "mlp.down.weight", leaves(a.hidden(), Leaves.mlp(a.intermediate())));
        all.put(at + "mlp.down.bias", vector(a.hidden(), bloom));
    }

    private static void norm(Map<String, ExpectedTensor> all, String name, int hidden, boolean withBias) {
        all.put(name + ".weight", vector(hidden, true));
        if (withBias) {
            all.put(name + ".bias", vector(hidden, true));
        }
    }

    private static ExpectedTensor rope(Architecture a) {
        return new ExpectedTensor(List.of(a.contextTokens(), a.headDim() / 2), "rows", List.of(), false, true);
    }

    private static ExpectedTensor vector(int size, boolean required) {
        return new ExpectedTensor(List.of(size), "vector", List.of(), false, required);
    }

    private static ExpectedTensor matrix(int outputs, int inputs) {
        return new ExpectedTensor(List.of(outputs, inputs), "tiles64", List.of(), true, true);
    }

    private static ExpectedTensor leaves(int outputs, List<Integer> leafInputs) {
        return new ExpectedTensor(List.of(outputs, leafInputs.getLast()), "tiles64", leafInputs, true, true);
    }
}
