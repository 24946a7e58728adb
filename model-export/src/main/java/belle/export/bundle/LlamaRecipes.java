package belle.export.bundle;

import belle.export.bundle.Recipe.Computed;
import belle.export.bundle.Recipe.Rows;
import belle.export.bundle.Recipe.Taken;
import belle.export.checkpoint.ModelConfig.Llama;
import java.util.LinkedHashMap;
import java.util.Map;

/** Where a LLaMA bundle's tensors come from. */
final class LlamaRecipes {
    private final Llama config;
    private final int queries;
    private final int keys;
    private final Map<String, Recipe> all = new LinkedHashMap<>();

    private LlamaRecipes(Llama config) {
        this.config = config;
        queries = config.heads() * config.headDim();
        keys = config.kvHeads() * config.headDim();
    }

    static Map<String, Recipe> of(Llama config) {
        return new LlamaRecipes(config).make();
    }

    private Map<String, Recipe> make() {
        String embedding = "model.embed_tokens.weight";
        if (!config.tiedHead()) {
            take("embedding.weight", embedding, config.vocabulary());
        }
        RopeTable rope = RopeTable.of(config);
        all.put("rope.cos", new Computed(rope::cos));
        all.put("rope.sin", new Computed(rope::sin));
        for (int layer = 0; layer < config.layers(); layer++) {
            attention("layers." + layer + ".attention", "model.layers." + layer + ".");
            mlp("layers." + layer + ".mlp", "model.layers." + layer + ".");
        }
        take("final_norm.weight", "model.norm.weight", config.hidden());
        take("head.weight", config.tiedHead() ? embedding : "lm_head.weight", config.vocabulary());
        return all;
    }

    private void attention(String to, String from) {
        take(to + "_norm.weight", from + "input_layernorm.weight", config.hidden());
        String at = from + "self_attn.";
        take(to + ".q.weight", at + "q_proj.weight", queries);
        take(to + ".k.weight", at + "k_proj.weight", keys);
        take(to + ".v.weight", at + "v_proj.weight", keys);
        take(to + ".output.weight", at + "o_proj.weight", config.hidden());
        if (config.attentionBias()) {
            all.put(
                    to + ".qkv.bias",
                    Taken.of(
                            Rows.all(at + "q_proj.bias", queries),
                            Rows.all(at + "k_proj.bias", keys),
                            Rows.all(at + "v_proj.bias", keys)));
            take(to + ".output.bias", at + "o_proj.bias", config.hidden());
        }
    }

    private void mlp(String to, String from) {
        int inner = config.intermediate();
        take(to + "_norm.weight", from + "post_attention_layernorm.weight", config.hidden());
        take(to + ".gate.weight", from + "mlp.gate_proj.weight", inner);
        take(to + ".up.weight", from + "mlp.up_proj.weight", inner);
        take(to + ".down.weight", from + "mlp.down_proj.weight", config.hidden());
        if (config.mlpBias()) {
            all.put(
                    to + ".gate_up.bias",
                    Taken.of(Rows.all(from + "mlp.gate_proj.bias", inner), Rows.all(from + "mlp.up_proj.bias", inner)));
            take(to + ".down.bias", from + "mlp.down_proj.bias", config.hidden());
        }
    }

    private void take(String to, String from, int rows) {
        all.put(to, Taken.of(Rows.all(from, rows)));
    }
}
