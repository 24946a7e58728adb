package belle.export.checkpoint;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The names and shapes that a configuration asks for, in the order in which a model uses them. */
final class ExpectedTensors {
    /** BLOOM's embedding, which is also its head when that is tied. */
    static final String BLOOM_EMBEDDING = "word_embeddings.weight";

    /** LLaMA's embedding, which is also its head when that is tied. */
    static final String LLAMA_EMBEDDING = "model.embed_tokens.weight";

    /** The head's name in both families. */
    static final String HEAD = "lm_head.weight";

    private static final String BLOOM_PREFIX = "transformer.";

    /** Constants that older releases saved along with the weights; they follow from the configuration. */
    private static final Pattern BUFFER =
            Pattern.compile("(model\\.)?((h|layers)\\.\\d+\\.(self_attention|self_attn)\\.)?"
                    + "(rotary_emb\\.(inv_freq|cos_cached|sin_cached)|masked_bias|bias)");

    private final Map<String, List<Long>> shapes = new LinkedHashMap<>();

    private ExpectedTensors() {}

    /** Returns the shape of every tensor by name. */
    static Map<String, List<Long>> of(ModelConfig config) {
        ExpectedTensors expected = new ExpectedTensors();
        switch (config) {
            case ModelConfig.Bloom bloom -> expected.addBloom(bloom);
            case ModelConfig.Llama llama -> expected.addLlama(llama);
        }
        if (!config.tiedHead()) {
            expected.shapes.put(HEAD, List.of((long) config.vocabulary(), (long) config.hidden()));
        }
        return expected.shapes;
    }

    /** Returns the name by which the tables know the tensor that a file calls {@code stored}. */
    static String normalName(ModelConfig config, String stored) {
        return switch (config) {
            case ModelConfig.Bloom _ when stored.startsWith(BLOOM_PREFIX) -> stored.substring(BLOOM_PREFIX.length());
            case ModelConfig.Bloom _ -> stored;
            case ModelConfig.Llama _ -> stored;
        };
    }

    /** Whether {@code name} is a saved constant that is left unread. */
    static boolean isBuffer(String name) {
        return BUFFER.matcher(name).matches();
    }

    static String embedding(ModelConfig config) {
        return switch (config) {
            case ModelConfig.Bloom _ -> BLOOM_EMBEDDING;
            case ModelConfig.Llama _ -> LLAMA_EMBEDDING;
        };
    }

    private void addBloom(ModelConfig.Bloom bloom) {
        long hidden = bloom.hidden();
        shapes.put(BLOOM_EMBEDDING, List.of((long) bloom.vocabulary(), hidden));
        addLayerNorm("word_embeddings_layernorm", hidden);
        for (int i = 0; i < bloom.layers(); i++) {
            String layer = "h." + i + ".";
            addLayerNorm(layer + "input_layernorm", hidden);
            addLinear(layer + "self_attention.query_key_value", 3 * hidden, hidden, true);
            addLinear(layer + "self_attention.dense", hidden, hidden, true);
            addLayerNorm(layer + "post_attention_layernorm", hidden);
            addLinear(layer + "mlp.dense_h_to_4h", bloom.intermediate(), hidden, true);
            addLinear(layer + "mlp.dense_4h_to_h", hidden, bloom.intermediate(), true);
        }
        addLayerNorm("ln_f", hidden);
    }

    private void addLlama(ModelConfig.Llama llama) {
        long hidden = llama.hidden();
        long queries = (long) llama.heads() * llama.headDim();
        long keys = (long) llama.kvHeads() * llama.headDim();
        shapes.put(LLAMA_EMBEDDING, List.of((long) llama.vocabulary(), hidden));
        for (int i = 0; i < llama.layers(); i++) {
            String layer = "model.layers." + i + ".";
            shapes.put(layer + "input_layernorm.weight", List.of(hidden));
            addLinear(layer + "self_attn.q_proj", queries, hidden, llama.attentionBias());
            addLinear(layer + "self_attn.k_proj", keys, hidden, llama.attentionBias());
            addLinear(layer + "self_attn.v_proj", keys, hidden, llama.attentionBias());
            addLinear(layer + "self_attn.o_proj", hidden, queries, llama.attentionBias());
            shapes.put(layer + "post_attention_layernorm.weight", List.of(hidden));
            addLinear(layer + "mlp.gate_proj", llama.intermediate(), hidden, llama.mlpBias());
            addLinear(layer + "mlp.up_proj", llama.intermediate(), hidden, llama.mlpBias());
            addLinear(layer + "mlp.down_proj", hidden, llama.intermediate(), llama.mlpBias());
        }
        shapes.put("model.norm.weight", List.of(hidden));
    }

    private void addLayerNorm(String name, long width) {
        shapes.put(name + ".weight", List.of(width));
        shapes.put(name + ".bias", List.of(width));
    }

    private void addLinear(String name, long outputs, long inputs, boolean bias) {
        shapes.put(name + ".weight", List.of(outputs, inputs));
        if (bias) {
            shapes.put(name + ".bias", List.of(outputs));
        }
    }
}
