package belle.runtime;

import belle.export.checkpoint.RandomCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Models of any shape with random weights and the embedded model's tokenizer. */
final class RandomModels {
    private static final int VOCABULARY = 2560;
    private static final int LAYERS = 2;

    private final Map<String, List<Integer>> tensors = new LinkedHashMap<>();

    private RandomModels() {}

    /** A BLOOM, whose MLP has four times as many units as the hidden size. */
    static Path bloom(Path folder, int heads, int headDim) throws IOException {
        int hidden = heads * headDim;
        var model = new RandomModels();
        model.tensors.put("word_embeddings.weight", List.of(VOCABULARY, hidden));
        model.withBias("word_embeddings_layernorm", hidden);
        for (int layer = 0; layer < LAYERS; layer++) {
            String at = "h." + layer + ".";
            model.withBias(at + "input_layernorm", hidden);
            model.withBias(at + "self_attention.query_key_value", 3 * hidden, hidden);
            model.withBias(at + "self_attention.dense", hidden, hidden);
            model.withBias(at + "post_attention_layernorm", hidden);
            model.withBias(at + "mlp.dense_h_to_4h", 4 * hidden, hidden);
            model.withBias(at + "mlp.dense_4h_to_h", hidden, 4 * hidden);
        }
        model.withBias("ln_f", hidden);
        return model.write(
                folder,
                Map.of(
                        "model_type",
                        "bloom",
                        "hidden_size",
                        hidden,
                        "n_head",
                        heads,
                        "n_layer",
                        LAYERS,
                        "vocab_size",
                        VOCABULARY,
                        "seq_length",
                        256,
                        "layer_norm_epsilon",
                        1e-5,
                        "eos_token_id",
                        2));
    }

    /** A LLaMA with an untied head and biases in its attention. */
    static Path llama(Path folder, int heads, int kvHeads, int headDim, int units) throws IOException {
        int hidden = heads * headDim;
        var model = new RandomModels();
        model.tensors.put("model.embed_tokens.weight", List.of(VOCABULARY, hidden));
        for (int layer = 0; layer < LAYERS; layer++) {
            String at = "model.layers." + layer + ".";
            model.tensors.put(at + "input_layernorm.weight", List.of(hidden));
            model.withBias(at + "self_attn.q_proj", hidden, hidden);
            model.withBias(at + "self_attn.k_proj", kvHeads * headDim, hidden);
            model.withBias(at + "self_attn.v_proj", kvHeads * headDim, hidden);
            model.withBias(at + "self_attn.o_proj", hidden, hidden);
            model.tensors.put(at + "post_attention_layernorm.weight", List.of(hidden));
            model.tensors.put(at + "mlp.gate_proj.weight", List.of(units, hidden));
            model.tensors.put(at + "mlp.up_proj.weight", List.of(units, hidden));
            model.tensors.put(at + "mlp.down_proj.weight", List.of(hidden, units));
        }
        model.tensors.put("model.norm.weight", List.of(hidden));
        model.tensors.put("lm_head.weight", List.of(VOCABULARY, hidden));
        Map<String, Object> config = new LinkedHashMap<>(Map.of(
                "model_type", "llama",
                "hidden_size", hidden,
                "num_attention_heads", heads,
                "num_key_value_heads", kvHeads,
                "intermediate_size", units,
                "num_hidden_layers", LAYERS,
                "vocab_size", VOCABULARY,
                "max_position_embeddings", 256,
                "rms_norm_eps", 1e-6,
                "hidden_act", "silu"));
        config.putAll(Map.of(
                "attention_bias", true, "tie_word_embeddings", false, "rope_theta", 10_000.0, "eos_token_id", 2));
        return model.write(folder, config);
    }

    private void withBias(String name, Integer... dims) {
        tensors.put(name + ".weight", List.of(dims));
        tensors.put(name + ".bias", List.of(dims[0]));
    }

    private Path write(Path folder, Map<String, Object> config) throws IOException {
        String root = Objects.requireNonNull(System.getProperty("belle.root"), "belle.root");
        RandomCheckpoint.write(config, tensors, Path.of(root, TinyBundles.BLOOM), folder);
        return folder;
    }
}
