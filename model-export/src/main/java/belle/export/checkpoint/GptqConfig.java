package belle.export.checkpoint;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * What a checkpoint says of how it was quantised: {@code quantize_config.json} of AutoGPTQ and GPTQModel, or {@code
 * quantization_config} in {@code config.json}. BELLE's own files say nothing; their tensors' shapes tell all.
 *
 * @param bits of a weight
 * @param group inputs that share a scale; -1 for all
 * @param zerosLessOne stored zero points are one too low (format 1, and BELLE's)
 */
record GptqConfig(Optional<Integer> bits, Optional<Integer> group, boolean zerosLessOne) {
    private static final String FILE = "quantize_config.json";
    private static final int MOST_BYTES = 1 << 20;
    private static final int MOST_GROUP = 1 << 20;

    /** How it was made, and what other programs are to run it with. */
    private static final Set<String> HARMLESS = Set.of(
            "desc_act",
            "sym",
            "damp_percent",
            "damp_auto_increment",
            "static_groups",
            "true_sequential",
            "mse",
            "hyb_act",
            "model_name_or_path",
            "model_file_base_name",
            "model_seqlen",
            "dataset",
            "tokenizer",
            "batch_size",
            "pad_token_id",
            "block_name_to_quantize",
            "module_name_preceding_first_block",
            "modules_in_block_to_quantize",
            "cache_block_outputs",
            "use_cuda_fp16",
            "use_exllama",
            "exllama_config",
            "disable_exllama",
            "max_input_length",
            "backend",
            "lm_head",
            "meta");

    /** A checkpoint that says nothing. */
    static final GptqConfig NONE = new GptqConfig(Optional.empty(), Optional.empty(), true);

    /**
     * Reads what there is.
     *
     * @param inner {@code quantization_config} of {@code config.json}
     * @throws belle.proto.FailureException for another method than GPTQ, other bits than 4 and 8, or two statements that
     *     disagree
     */
    static GptqConfig read(Path dir, Optional<Fields> inner) {
        Path file = dir.resolve(FILE);
        Optional<GptqConfig> embedded = inner.map(GptqConfig::of);
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return embedded.orElse(NONE);
        }
        var own = new Fields(file, "", Json.object(file, "file", SourceFile.readSmall(file, MOST_BYTES)));
        GptqConfig beside = of(own);
        if (!embedded.orElse(beside).equals(beside)) {
            throw Refusal.of(
                    file, "file", "says %s, but quantization_config in config.json %s", beside, embedded.get());
        }
        return beside;
    }

    private static GptqConfig of(Fields fields) {
        String method = fields.text("quant_method", "method").orElse("gptq");
        if (!method.equals("gptq")) {
            throw fields.refused("quant_method", "gptq is read, given %s", method);
        }
        int bits = fields.count(Integer.SIZE, "bits", "w_bit");
        if (bits != 4 && bits != 8) {
            throw fields.refused("bits", "4 and 8 are read, given %d", bits);
        }
        int group = fields.integer(-1, MOST_GROUP, "group_size", "q_group_size").orElse(-1);
        if (group == 0) {
            throw fields.refused("group_size", "a number of inputs, or -1 for all of them, belongs here, given 0");
        }
        String format = fields.text("checkpoint_format", "format").orElse("gptq");
        if (!format.equals("gptq") && !format.equals("gptq_v2")) {
            throw fields.refused("checkpoint_format", "gptq and gptq_v2 are read, given %s", format);
        }
        fields.text("pack_dtype").filter(type -> !type.equals("int32")).ifPresent(type -> {
            throw fields.refused("pack_dtype", "int32 is read, given %s", type);
        });
        fields.take("dynamic").filter(rules -> !rules.isEmpty()).ifPresent(rules -> {
            throw fields.refused("dynamic", "layers with settings of their own are not read, given %s", rules);
        });
        fields.refuseOthers(HARMLESS);
        return new GptqConfig(Optional.of(bits), Optional.of(group), format.equals("gptq"));
    }
}
