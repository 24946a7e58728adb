package belle.export.bundle;

import belle.export.bundle.Recipe.Computed;
import belle.export.bundle.Recipe.Rows;
import belle.export.bundle.Recipe.Taken;
import belle.export.checkpoint.ModelConfig.Bloom;
import java.util.LinkedHashMap;
import java.util.Map;

/** Where a BLOOM bundle's tensors come from. */
final class BloomRecipes {
    private final Bloom config;
    private final Map<String, Recipe> all = new LinkedHashMap<>();

    private BloomRecipes(Bloom config) {
        this.config = config;
    }

    static Map<String, Recipe> of(Bloom config) {
        return new BloomRecipes(config).make();
    }

    private Map<String, Recipe> make() {
        String embedding = "word_embeddings.weight";
        if (!config.tiedHead()) {
            all.put("embedding.weight", Taken.of(Rows.all(embedding, config.vocabulary())));
        }
        norm("embedding_norm", "word_embeddings_layernorm");
        float[] slopes = Alibi.slopes(config.heads());
        all.put("alibi.slopes", new Computed((head, _) -> slopes[head]));
        for (int layer = 0; layer < config.layers(); layer++) {
            layer("layers." + layer + ".", "h." + layer + ".");
        }
        norm("final_norm", "ln_f");
        String head = config.tiedHead() ? embedding : "lm_head.weight";
        all.put("head.weight", Taken.of(Rows.all(head, config.vocabulary())));
        return all;
    }

    private void layer(String to, String from) {
        norm(to + "attention_norm", from + "input_layernorm");
        String fused = from + "self_attention.query_key_value.";
        all.put(to + "attention.q.weight", Taken.of(fused(fused + "weight", 0)));
        all.put(to + "attention.k.weight", Taken.of(fused(fused + "weight", 1)));
        all.put(to + "attention.v.weight", Taken.of(fused(fused + "weight", 2)));
        String bias = fused + "bias";
        all.put(to + "attention.qkv.bias", Taken.of(fused(bias, 0), fused(bias, 1), fused(bias, 2)));
        linear(to + "attention.output", from + "self_attention.dense", config.hidden());
        norm(to + "mlp_norm", from + "post_attention_layernorm");
        linear(to + "mlp.up", from + "mlp.dense_h_to_4h", config.intermediate());
        linear(to + "mlp.down", from + "mlp.dense_4h_to_h", config.hidden());
    }

    /** The checkpoint keeps query, key and value rows head by head, [H][3][D]; here each of the three lies together. */
    private Rows fused(String tensor, int part) {
        int run = config.headDim();
        return new Rows(tensor, part * run, config.heads() * run, run, 3 * run);
    }

    private void linear(String to, String from, int outputs) {
        all.put(to + ".weight", Taken.of(Rows.all(from + ".weight", outputs)));
        all.put(to + ".bias", Taken.of(Rows.all(from + ".bias", outputs)));
    }

    private void norm(String to, String from) {
        linear(to, from, config.hidden());
    }
}
