package belle.export.checkpoint;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** {@code config.json} of small checkpoints, with the names that the libraries of 2023 used. */
final class TinyConfigs {
    private TinyConfigs() {}

    static String json(ModelConfig config, DType type) {
        return node(config, type).toPrettyString();
    }

    static ObjectNode node(ModelConfig config, DType type) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("bos_token_id", 1).put("eos_token_id", 2).put("use_cache", true);
        json.put("torch_dtype", type == DType.F16 ? "float16" : type == DType.BF16 ? "bfloat16" : "float32");
        json.put("vocab_size", config.vocabulary());
        json.put("hidden_size", config.hidden());
        json.put("tie_word_embeddings", config.tiedHead());
        switch (config) {
            case ModelConfig.Bloom bloom -> add(json, bloom);
            case ModelConfig.Llama llama -> add(json, llama);
        }
        return json;
    }

    private static void add(ObjectNode json, ModelConfig.Bloom bloom) {
        json.put("model_type", "bloom").putArray("architectures").add("BloomForCausalLM");
        json.put("n_layer", bloom.layers());
        json.put("n_head", bloom.heads());
        json.put("seq_length", bloom.contextTokens());
        json.put("layer_norm_epsilon", bloom.normEpsilon());
        json.put("apply_residual_connection_post_layernorm", bloom.residualAfterNorm());
        json.put("hidden_dropout", 0.0).put("skip_bias_add", true);
    }

    private static void add(ObjectNode json, ModelConfig.Llama llama) {
        json.put("model_type", "llama").putArray("architectures").add("LlamaForCausalLM");
        json.put("hidden_act", "silu");
        json.put("intermediate_size", llama.intermediate());
        json.put("num_hidden_layers", llama.layers());
        json.put("num_attention_heads", llama.heads());
        json.put("num_key_value_heads", llama.kvHeads());
        json.put("head_dim", llama.headDim());
        json.put("rms_norm_eps", llama.normEpsilon());
        json.put("rope_theta", llama.ropeTheta());
        json.put("attention_bias", llama.attentionBias());
        json.put("mlp_bias", llama.mlpBias());
        switch (llama.ropeScaling()) {
            case RopeScaling.None _ -> json.put("max_position_embeddings", llama.contextTokens());
            case RopeScaling.Linear(var factor) -> {
                json.put("max_position_embeddings", (int) (llama.contextTokens() / factor));
                json.putObject("rope_scaling").put("type", "linear").put("factor", factor);
            }
            case RopeScaling.Dynamic(var factor, var original) -> {
                json.put("max_position_embeddings", original);
                json.putObject("rope_scaling").put("type", "dynamic").put("factor", factor);
            }
            case RopeScaling.Llama3(var factor, var low, var high, var original) -> {
                json.put("max_position_embeddings", llama.contextTokens());
                json.putObject("rope_scaling")
                        .put("rope_type", "llama3")
                        .put("factor", factor)
                        .put("low_freq_factor", low)
                        .put("high_freq_factor", high)
                        .put("original_max_position_embeddings", original);
            }
        }
    }
}
