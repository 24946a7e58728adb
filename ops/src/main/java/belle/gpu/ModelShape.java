package belle.gpu;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The shape of a LLaMA checkpoint with random weights: enough to measure by, and it says nothing. */
public record ModelShape(
        String name, int hidden, int intermediate, int layers, int heads, int kvHeads, int vocabulary, int context) {
    /** The shapes that are measured: of 1.1 and of 6.7 billion weights. */
    public static final List<ModelShape> WHOLE = List.of(
            new ModelShape("llama-1b", 2048, 5632, 22, 32, 4, 32_000, 2048),
            new ModelShape("llama-7b", 4096, 11_008, 32, 32, 32, 32_000, 2048));

    /** One that is there in a moment. */
    public static final List<ModelShape> SMOKE = List.of(new ModelShape("llama-smoke", 64, 192, 2, 4, 2, 6400, 256));

    /** Names and dimensions of its tensors. */
    Map<String, List<Integer>> tensors() {
        int head = hidden / heads;
        Map<String, List<Integer>> all = new LinkedHashMap<>();
        all.put("model.embed_tokens.weight", List.of(vocabulary, hidden));
        for (int layer = 0; layer < layers; layer++) {
            String at = "model.layers." + layer + ".";
            all.put(at + "input_layernorm.weight", List.of(hidden));
            all.put(at + "self_attn.q_proj.weight", List.of(heads * head, hidden));
            all.put(at + "self_attn.k_proj.weight", List.of(kvHeads * head, hidden));
            all.put(at + "self_attn.v_proj.weight", List.of(kvHeads * head, hidden));
            all.put(at + "self_attn.o_proj.weight", List.of(hidden, heads * head));
            all.put(at + "post_attention_layernorm.weight", List.of(hidden));
            all.put(at + "mlp.gate_proj.weight", List.of(intermediate, hidden));
            all.put(at + "mlp.up_proj.weight", List.of(intermediate, hidden));
            all.put(at + "mlp.down_proj.weight", List.of(hidden, intermediate));
        }
        all.put("model.norm.weight", List.of(hidden));
        all.put("lm_head.weight", List.of(vocabulary, hidden));
        return all;
    }

    /** {@code config.json}. */
    Map<String, Object> config() {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("architectures", List.of("LlamaForCausalLM"));
        config.put("model_type", "llama");
        config.put("hidden_act", "silu");
        config.put("torch_dtype", "float16");
        config.put("vocab_size", vocabulary);
        config.put("hidden_size", hidden);
        config.put("intermediate_size", intermediate);
        config.put("num_hidden_layers", layers);
        config.put("num_attention_heads", heads);
        config.put("num_key_value_heads", kvHeads);
        config.put("rms_norm_eps", 1e-6);
        config.put("rope_theta", 10_000.0);
        config.put("max_position_embeddings", context);
        config.put("tie_word_embeddings", false);
        config.put("bos_token_id", 1);
        config.put("eos_token_id", 2);
        return config;
    }
}
