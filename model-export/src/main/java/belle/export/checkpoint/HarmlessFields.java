package belle.export.checkpoint;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Fields of {@code config.json} that leave the numbers of inference alone: training settings, defaults for generating,
 * bookkeeping of the library, and hints of how to compute the same thing.
 */
final class HarmlessFields {
    private static final Set<String> COMMON = Set.of(
            // Bookkeeping
            "_name_or_path",
            "_commit_hash",
            "transformers_version",
            "torch_dtype",
            "dtype",
            "torchscript",
            "use_bfloat16",
            "finetuning_task",
            "task_specific_params",
            "problem_type",
            "id2label",
            "label2id",
            "tokenizer_class",
            "prefix",
            "return_dict",
            "use_return_dict",
            "output_attentions",
            "output_hidden_states",
            "use_cache",
            "tie_encoder_decoder",
            "_attn_implementation",
            "_attn_implementation_autoset",
            "attn_implementation",
            "_flash_attn_2_enabled",
            "chunk_size_feed_forward",
            "pruned_heads",
            "unsloth_version",
            "tf_legacy_loss",
            "max_sequence_length",
            // Training
            "attention_dropout",
            "hidden_dropout",
            "initializer_range",
            "pretraining_tp",
            "gradient_checkpointing",
            // Ids that are only needed around the model
            "pad_token_id",
            "unk_token_id",
            "sep_token_id",
            "decoder_start_token_id",
            // Defaults for generating, which older releases kept here
            "max_length",
            "min_length",
            "max_new_tokens",
            "do_sample",
            "early_stopping",
            "num_beams",
            "num_beam_groups",
            "diversity_penalty",
            "temperature",
            "top_k",
            "top_p",
            "typical_p",
            "repetition_penalty",
            "length_penalty",
            "no_repeat_ngram_size",
            "encoder_no_repeat_ngram_size",
            "bad_words_ids",
            "num_return_sequences",
            "output_scores",
            "return_dict_in_generate",
            "forced_bos_token_id",
            "forced_eos_token_id",
            "remove_invalid_values",
            "exponential_decay_length_penalty",
            "suppress_tokens",
            "begin_suppress_tokens");

    /** Traces of the Megatron code that BLOOM was trained with; what they ask for is what BLOOM does anyway. */
    private static final Set<String> BLOOM = Set.of(
            "attention_softmax_in_fp32",
            "bias_dropout_fusion",
            "masked_softmax_fusion",
            "offset_alibi",
            "skip_bias_add",
            "skip_bias_add_qkv",
            "slow_but_exact");

    private HarmlessFields() {}

    static Set<String> of(ModelConfig config) {
        return switch (config) {
            case ModelConfig.Bloom _ ->
                Stream.concat(COMMON.stream(), BLOOM.stream()).collect(Collectors.toUnmodifiableSet());
            case ModelConfig.Llama _ -> COMMON;
        };
    }
}
