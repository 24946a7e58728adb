package belle.export.graph;

import belle.export.checkpoint.ModelConfig.Bloom;
import java.util.List;

/** BLOOM: ALiBi attention, LayerNorm with biases, GELU, a LayerNorm behind the embedding. */
final class BloomGraph implements ModelGraph {
    private final Bloom config;
    private final ModelOps ops;
    private final StepInputs step;

    BloomGraph(Bloom config, ModelOps ops, StepInputs step) {
        this.config = config;
        this.ops = ops;
        this.step = step;
    }

    /**
     * <pre>
     * input_ids ─ Embedding ─ LayerNorm ─ layer 0 ─ … ─ layer L-1 ─ Gather(logit_rows) ─ LayerNorm ─ head ─ logits
     *    [T]        [T, E]      [T, E]                     [T, E]        [R, E]           [R, E]     [R, V]
     * </pre>
     */
    @Override
    public Value logits() {
        Value x = embedded();
        for (int layer = 0; layer < config.layers(); layer++) {
            x = layer(layer, layer, x);
        }
        return head(ops.rows("/model/logit_rows/Gather", x, step.logitRows()));
    }

    @Override
    public Value embedded() {
        Value x = ops.embedding("/model/embedding/Embedding", step.inputIds());
        return ops.layerNorm("/model/embedding_norm/LayerNorm", x, "embedding_norm", config.normEpsilon());
    }

    @Override
    public Value layer(int layer, int cacheLayer, Value x) {
        return mlp(layer, attention(layer, cacheLayer, x));
    }

    @Override
    public Value head(Value x) {
        Value normed = ops.layerNorm("/model/final_norm/LayerNorm", x, "final_norm", config.normEpsilon());
        return ops.logits("/head/MatMul", normed);
    }

    /**
     * <pre>
     * x ─┬─ LayerNorm ─ qkv + bias ─ PagedAttention ─ output (8 leaves) ─ Residual(+ bias) ─
     *    │  [T, E]      [T, 3 H D]      [T, H D]          [T, E]              │  [T, E]
     *    └────────────────────────────────────────────────────────────────────┘
     * </pre>
     *
     * With {@code residualAfterNorm} the lower line starts behind the norm.
     */
    private Value attention(int layer, int cacheLayer, Value x) {
        String path = "/model/layers." + layer + "/attention";
        String at = "layers." + layer + ".attention";
        Value normed = ops.layerNorm(path + "_norm/LayerNorm", x, at + "_norm", config.normEpsilon());
        Value qkv = ops.qkv(path + "/qkv/MatMul", normed, at);
        Value mixed = ops.attention(path + "/Attention", qkv, step, cacheLayer);
        Value delta = ops.leafProduct(path + "/output/MatMul", mixed, at + ".output", step.collective());
        return ops.residual(path + "/Residual", config.residualAfterNorm() ? normed : x, delta, at + ".output.bias");
    }

    /**
     * <pre>
     * x ─┬─ LayerNorm ─ up + bias ─ Gelu ─ down (8 leaves) ─ Residual(+ bias) ─
     *    │  [T, E]       [T, I]    [T, I]     [T, E]           │  [T, E]
     *    └─────────────────────────────────────────────────────┘
     * </pre>
     *
     * With {@code residualAfterNorm} the lower line starts behind the norm.
     */
    private Value mlp(int layer, Value x) {
        String path = "/model/layers." + layer + "/mlp";
        String at = "layers." + layer + ".mlp";
        Value normed = ops.layerNorm(path + "_norm/LayerNorm", x, at + "_norm", config.normEpsilon());
        Value up =
                ops.units(path + "/up/MatMul", normed, List.of(at + ".up.weight"), at + ".up.bias", at + ".up.order");
        Value delta =
                ops.leafProduct(path + "/down/MatMul", ops.gelu(path + "/Gelu", up), at + ".down", step.collective());
        return ops.residual(path + "/Residual", config.residualAfterNorm() ? normed : x, delta, at + ".down.bias");
    }
}
