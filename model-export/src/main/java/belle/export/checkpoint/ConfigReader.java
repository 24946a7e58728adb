package belle.export.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads {@code config.json} and {@code generation_config.json}. A field of the configuration is used, is known to leave
 * the numbers alone, or is refused.
 */
final class ConfigReader {
    private static final int MOST_BYTES = 1 << 20;
    static final int MOST_HIDDEN = 1 << 16;
    static final int MOST_INTERMEDIATE = 1 << 18;
    static final int MOST_LAYERS = 1024;
    static final int MOST_HEADS = 1024;
    static final int MOST_VOCABULARY = 1 << 22;
    static final int MOST_CONTEXT = 1 << 22;
    private static final int MOST_EOS = 16;
    private static final int USUAL_CONTEXT = 2048;
    private static final double USUAL_ROPE_THETA = 10_000;

    private final Fields fields;
    private final HeadRules headRules;
    private final ModelConfig model;
    private final GenerationConfig generation;
    private final GptqConfig quantised;

    private ConfigReader(Path dir) {
        fields = fields(dir.resolve("config.json"));
        headRules = new HeadRules(fields, "hidden_size", "num_key_value_heads", "head_dim");
        String family = family();
        model = family.equals("bloom") ? bloom() : llama();
        List<Integer> eosIds = fields.ids(model.vocabulary(), MOST_EOS, "eos_token_id");
        List<Integer> bosIds = fields.ids(model.vocabulary(), 1, "bos_token_id");
        quantised = GptqConfig.read(dir, fields.object("quantization_config"));
        fields.refuseOthers(HarmlessFields.of(model));
        generation = generation(dir.resolve("generation_config.json"), eosIds, bosIds);
    }

    /** Reads both files of {@code dir}; the second may be absent. */
    static ConfigReader read(Path dir) {
        return new ConfigReader(dir);
    }

    ModelConfig model() {
        return model;
    }

    GenerationConfig generation() {
        return generation;
    }

    GptqConfig quantised() {
        return quantised;
    }

    private static Fields fields(Path file) {
        return new Fields(file, "", Json.object(file, "file", SourceFile.readSmall(file, MOST_BYTES)));
    }

    private String family() {
        Optional<JsonNode> listed = fields.take("architectures");
        Optional<String> type = fields.text("model_type");
        String architecture = listed.map(list ->
                        list.isArray() && list.size() == 1 ? list.path(0).asText() : list.toString())
                .orElse("");
        String family = switch (architecture) {
            case "BloomForCausalLM" -> "bloom";
            case "LlamaForCausalLM", "LLaMAForCausalLM" -> "llama";
            case "" -> type.orElseThrow(() -> fields.refused("architectures", "is missing"));
            default ->
                throw fields.refused(
                        "architectures", "BloomForCausalLM and LlamaForCausalLM are known, given %s", architecture);
        };
        if (!Set.of("bloom", "llama").contains(family) || !type.orElse(family).equals(family)) {
            throw fields.refused(
                    "model_type",
                    "bloom and llama are known, given %s with %s",
                    type.orElse("none"),
                    architecture.isEmpty() ? "no architectures" : architecture);
        }
        return family;
    }

    private ModelConfig bloom() {
        int hidden = fields.count(MOST_HIDDEN, "hidden_size", "n_embed");
        int heads = fields.count(MOST_HEADS, "n_head", "num_attention_heads");
        headRules.checked(hidden, heads, Optional.empty());
        ModelConfig.Bloom bloom = new ModelConfig.Bloom(
                hidden,
                fields.count(MOST_LAYERS, "n_layer", "num_hidden_layers"),
                heads,
                fields.count(MOST_VOCABULARY, "vocab_size"),
                fields.integer(1, MOST_CONTEXT, "seq_length").orElse(USUAL_CONTEXT),
                fields.number(0, 1, "layer_norm_epsilon").orElse(1e-5),
                fields.flag("tie_word_embeddings").orElse(true),
                fields.flag("apply_residual_connection_post_layernorm").orElse(false));
        int inner = fields.integer(1, Integer.MAX_VALUE, "n_inner").orElse(bloom.intermediate());
        if (inner != bloom.intermediate()) {
            throw fields.refused(
                    "n_inner", "four times hidden_size, %d, is known, given %d", bloom.intermediate(), inner);
        }
        return bloom;
    }

    private ModelConfig llama() {
        int hidden = fields.count(MOST_HIDDEN, "hidden_size");
        int heads = fields.count(MOST_HEADS, "num_attention_heads");
        int kvHeads = headRules.shared(heads);
        int headDim = headRules.checked(hidden, heads, headRules.stated());
        fields.text("hidden_act").filter(act -> !act.equals("silu")).ifPresent(act -> {
            throw fields.refused("hidden_act", "silu is known, given %s", act);
        });
        int positions = fields.integer(1, MOST_CONTEXT, "max_position_embeddings")
                .or(() -> fields.integer(1, MOST_CONTEXT, "max_sequence_length"))
                .orElse(USUAL_CONTEXT);
        RopeReader rope = RopeReader.read(fields, positions, MOST_CONTEXT);
        return new ModelConfig.Llama(
                hidden,
                fields.count(MOST_INTERMEDIATE, "intermediate_size"),
                fields.count(MOST_LAYERS, "num_hidden_layers"),
                heads,
                kvHeads,
                headDim,
                fields.count(MOST_VOCABULARY, "vocab_size"),
                rope.contextTokens(),
                fields.number(0, 1, "rms_norm_eps").orElse(1e-6),
                rope.theta().orElse(USUAL_ROPE_THETA),
                rope.scaling(),
                fields.flag("tie_word_embeddings").orElse(false),
                fields.flag("attention_bias").orElse(false),
                fields.flag("mlp_bias").orElse(false));
    }

    private GenerationConfig generation(Path file, List<Integer> eosIds, List<Integer> bosIds) {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return new GenerationConfig(
                    eosIds, bosIds, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
        }
        Fields own = fields(file);
        List<Integer> ownEosIds = own.ids(model.vocabulary(), MOST_EOS, "eos_token_id");
        List<Integer> ownBosIds = own.ids(model.vocabulary(), 1, "bos_token_id");
        return new GenerationConfig(
                ownEosIds.isEmpty() ? eosIds : ownEosIds,
                ownBosIds.isEmpty() ? bosIds : ownBosIds,
                own.number(0, 1000, "temperature"),
                own.number(0, 1, "top_p"),
                own.integer(0, MOST_VOCABULARY, "top_k"),
                own.number(0, 1000, "repetition_penalty"));
    }
}
