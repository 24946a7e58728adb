package belle.export.graph;

import belle.export.checkpoint.ModelConfig.Llama;
import java.util.List;

/** LLaMA: rotary attention with grouped key/value heads, RMSNorm, gated SiLU. */
final class LlamaGraph implements ModelGraph {
    private final Llama config;
    private final ModelOps ops;
    private final StepInputs step;

    LlamaGraph(Llama config, ModelOps ops, StepInputs step) {
        this.config = config;
        this.ops = ops;
        this.step = step;
    }

    /**
     * <pre>
     * input_ids ─ Embedding ─ layer 0 ─ … ─ layer L-1 ─ Gather(logit_rows) ─ RMSNorm ─ head ─ logits
     *    [T]        [T, E]                    [T, E]         [R, E]          [R, E]    [R, V]
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
        return ops.embedding("/model/embedding/Embedding", step.inputIds());
    }

    @Override
    public Value layer(int layer, int cacheLayer, Value x) {
        return mlp(layer, attention(layer, cacheLayer, x));
    }

    @Override
    public Value head(Value x) {
        Value normed = ops.rmsNorm("/model/final_norm/RMSNorm", x, "final_norm", config.normEpsilon());
        return ops.logits("/head/MatMul", normed);
    }

    /**
     * <pre>
     * x ─┬─ RMSNorm ─ qkv (+ bias) ─ PagedAttention ─ output (8 leaves) ─ Residual(+ bias) ─
     *    │  [T, E]  [T, (H + 2 Hkv) D]   [T, H D]         [T, E]              │  [T, E]
     *    └────────────────────────────────────────────────────────────────────┘
     * </pre>
     */
    private Value attention(int layer, int cacheLayer, Value x) {
        String path = "/model/layers." + layer + "/attention";
        String at = "layers." + layer + ".attention";
        Value normed = ops.rmsNorm(path + "_norm/RMSNorm", x, at + "_norm", config.normEpsilon());
        Value qkv = ops.qkv(path + "/qkv/MatMul", normed, at);
        Value mixed = ops.attention(path + "/Attention", qkv, step, cacheLayer);
        Value delta = ops.leafProduct(path + "/output/MatMul", mixed, at + ".output", step.collective());
        return ops.residual(path + "/Residual", x, delta, at + ".output.bias");
    }

    /**
     * <pre>
     * x ─┬─ RMSNorm ─ gate, up (+ bias) ─ SiluMul ─ down (8 leaves) ─ Residual(+ bias) ─
     *    │  [T, E]       [T, 2 I]          [T, I]      [T, E]             │  [T, E]
     *    └────────────────────────────────────────────────────────────────┘
     * </pre>
     */
    private Value mlp(int layer, Value x) {
        String path = "/model/layers." + layer + "/mlp";
        String at = "layers." + layer + ".mlp";
        Value normed = ops.rmsNorm(path + "_norm/RMSNorm", x, at + "_norm", config.normEpsilon());
        Value gateUp = ops.units(
                path + "/gate_up/MatMul",
                normed,
                List.of(at + ".gate.weight", at + ".up.weight"),
                at + ".gate_up.bias",
                at + ".up.order");
        Value delta = ops.leafProduct(
                path + "/down/MatMul", ops.siluMul(path + "/SiluMul", gateUp), at + ".down", step.collective());
        return ops.residual(path + "/Residual", x, delta, at + ".down.bias");
    }
}
