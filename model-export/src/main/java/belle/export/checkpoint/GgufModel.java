package belle.export.checkpoint;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntUnaryOperator;

/**
 * A BLOOM or LLaMA in a GGUF file: its configuration, and its tensors by Hugging Face's names and in the order of its rows
 * (llama.cpp's convert_hf_to_gguf.py tells names and orders). LLaMA's query and key rows are stored with the two halves of
 * each head interleaved, BLOOM's fused matrix with all queries first, then all keys, then all values.
 */
final class GgufModel {
    private static final String EMBEDDING = "token_embd.weight";
    private static final String HEAD = "output.weight";
    private static final String FUSED = ".attn_qkv.";
    private static final double MOST_THETA = 1e12;
    private static final double MOST_FACTOR = 1e4;

    /** What is kept of a file's metadata to run other programs by, or says how it was made. */
    private static final Set<String> HARMLESS = Set.of("vocab_size", "rope.dimension_count", "attention.causal");

    private final SourceFile file;
    private final Map<String, GgufFile.Tensor> stored = new HashMap<>();
    private final Fields fields;
    private final Fields own;
    private final HeadRules headRules;
    private final ModelConfig config;

    /** Reads what a file's header asks for. */
    GgufModel(SourceFile file, GgufFile header) {
        this.file = file;
        header.tensors().forEach(tensor -> stored.put(tensor.name(), tensor));
        fields = new Fields(file.path(), "", header.metadata());
        String family = fields.text("general.architecture")
                .orElseThrow(() -> fields.refused("general.architecture", "is missing"));
        if (fields.integer(0, Integer.MAX_VALUE, "split.count").orElse(1) > 1) {
            throw fields.refused("split.count", "a model in several files is not read; merge it with gguf-split");
        }
        own = new Fields(file.path(), family + ".", below(header.metadata(), family + "."));
        headRules = new HeadRules(own, "embedding_length", "attention.head_count_kv", "attention.key_length");
        config = switch (family) {
            case "llama" -> llama();
            case "bloom" -> bloom();
            default -> throw fields.refused("general.architecture", "llama and bloom are read, given %s", family);
        };
        own.refuseOthers(HARMLESS);
    }

    ModelConfig config() {
        return config;
    }

    /** Ids that begin and end a text; there are no sampling defaults. */
    GenerationConfig generation() {
        return new GenerationConfig(
                fields.ids(config.vocabulary(), 1, "tokenizer.ggml.eos_token_id"),
                fields.ids(config.vocabulary(), 1, "tokenizer.ggml.bos_token_id"),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    /** Returns exactly the tensors that the configuration asks for, by the tables' names. */
    Map<String, TensorSource> tensors() {
        Map<String, TensorSource> sources = new LinkedHashMap<>();
        ExpectedTensors.of(config).forEach((name, shape) -> {
            String called = name(name);
            GgufFile.Tensor tensor = stored.remove(called);
            if (tensor == null) {
                throw Refusal.of(file.path(), called, "is missing: the metadata ask for it with shape %s", shape);
            }
            if (!tensor.shape().equals(shape)) {
                throw Refusal.of(file.path(), called, "has shape %s, the metadata ask for %s", tensor.shape(), shape);
            }
            boolean single = shape.size() == 1 && called.contains(FUSED);
            int columns = single ? 1 : Math.toIntExact(shape.getLast());
            sources.put(name, new GgufTensor(file, tensor, shape, columns, rows(called)));
        });
        stored.keySet().stream().sorted().findFirst().ifPresent(extra -> {
            throw Refusal.of(file.path(), extra, "is not part of the model that the metadata describe");
        });
        return sources;
    }

    private static ObjectNode below(ObjectNode metadata, String prefix) {
        ObjectNode below = JsonNodeFactory.instance.objectNode();
        metadata.properties().forEach(entry -> {
            if (entry.getKey().startsWith(prefix)) {
                below.set(entry.getKey().substring(prefix.length()), entry.getValue());
            }
        });
        return below;
    }

    private ModelConfig llama() {
        int hidden = own.count(ConfigReader.MOST_HIDDEN, "embedding_length");
        int heads = own.count(ConfigReader.MOST_HEADS, "attention.head_count");
        int kvHeads = headRules.shared(heads);
        int headDim = headRules.checked(hidden, heads, headRules.stated());
        for (String same : List.of("attention.value_length", "rope.dimension_count")) {
            own.integer(1, Integer.MAX_VALUE, same)
                    .filter(given -> given != headDim)
                    .ifPresent(given -> {
                        throw own.refused(same, "%d, the size of a head, is known, given %d", headDim, given);
                    });
        }
        return new ModelConfig.Llama(
                hidden,
                own.count(ConfigReader.MOST_INTERMEDIATE, "feed_forward_length"),
                own.count(ConfigReader.MOST_LAYERS, "block_count"),
                heads,
                kvHeads,
                headDim,
                vocabulary(),
                own.count(ConfigReader.MOST_CONTEXT, "context_length"),
                own.number(0, 1, "attention.layer_norm_rms_epsilon").orElse(1e-6),
                own.number(1, MOST_THETA, "rope.freq_base").orElse(10_000.0),
                scaling(),
                !stored.containsKey(HEAD),
                false,
                false);
    }

    private RopeScaling scaling() {
        String type = own.text("rope.scaling.type").orElse("none");
        Optional<Double> factor = own.number(1, MOST_FACTOR, "rope.scaling.factor");
        return switch (type) {
            case "none" -> new RopeScaling.None();
            case "linear" -> new RopeScaling.Linear(factor.orElse(1.0));
            default -> throw own.refused("rope.scaling.type", "none and linear are read, given %s", type);
        };
    }

    private ModelConfig bloom() {
        int hidden = own.count(ConfigReader.MOST_HIDDEN, "embedding_length");
        int heads = own.count(ConfigReader.MOST_HEADS, "attention.head_count");
        headRules.checked(hidden, heads, Optional.empty());
        own.integer(1, ConfigReader.MOST_HEADS, "attention.head_count_kv");
        var bloom = new ModelConfig.Bloom(
                hidden,
                own.count(ConfigReader.MOST_LAYERS, "block_count"),
                heads,
                vocabulary(),
                own.count(ConfigReader.MOST_CONTEXT, "context_length"),
                own.number(0, 1, "attention.layer_norm_epsilon").orElse(1e-5),
                !stored.containsKey(HEAD),
                false);
        own.integer(bloom.intermediate(), bloom.intermediate(), "feed_forward_length");
        return bloom;
    }

    private int vocabulary() {
        GgufFile.Tensor embedding = stored.get(EMBEDDING);
        if (embedding == null || embedding.shape().size() != 2) {
            throw Refusal.of(file.path(), EMBEDDING, "is missing");
        }
        return (int) Math.min(embedding.shape().getFirst(), ConfigReader.MOST_VOCABULARY);
    }

    /** Returns the name by which the file has a tensor of the tables. */
    private String name(String normal) {
        String[] parts = normal.split("\\.");
        String kind = parts[parts.length - 1];
        return switch (config) {
            case ModelConfig.Llama _ -> llamaName(normal, parts, kind);
            case ModelConfig.Bloom _ -> bloomName(normal, parts, kind);
        };
    }

    private static String llamaName(String normal, String[] parts, String kind) {
        if (!normal.startsWith("model.layers.")) {
            return switch (normal) {
                case ExpectedTensors.LLAMA_EMBEDDING -> EMBEDDING;
                case ExpectedTensors.HEAD -> HEAD;
                default -> "output_norm." + kind;
            };
        }
        String in = switch (parts[parts.length - 2]) {
            case "q_proj" -> "attn_q";
            case "k_proj" -> "attn_k";
            case "v_proj" -> "attn_v";
            case "o_proj" -> "attn_output";
            case "gate_proj" -> "ffn_gate";
            case "up_proj" -> "ffn_up";
            case "down_proj" -> "ffn_down";
            case "input_layernorm" -> "attn_norm";
            default -> "ffn_norm";
        };
        return "blk." + parts[2] + "." + in + "." + kind;
    }

    private static String bloomName(String normal, String[] parts, String kind) {
        if (!normal.startsWith("h.")) {
            return switch (parts[0]) {
                case "word_embeddings" -> EMBEDDING;
                case "word_embeddings_layernorm" -> "token_embd_norm." + kind;
                case "lm_head" -> HEAD;
                default -> "output_norm." + kind;
            };
        }
        String in = switch (parts[parts.length - 2]) {
            case "query_key_value" -> "attn_qkv";
            case "dense" -> "attn_output";
            case "dense_h_to_4h" -> "ffn_up";
            case "dense_4h_to_h" -> "ffn_down";
            case "input_layernorm" -> "attn_norm";
            default -> "ffn_norm";
        };
        return "blk." + parts[1] + "." + in + "." + kind;
    }

    private IntUnaryOperator rows(String called) {
        int headDim = config.headDim();
        if (config instanceof ModelConfig.Llama && called.matches(".*\\.attn_[qk]\\.weight")) {
            return row -> interleaved(row, headDim);
        }
        if (called.contains(FUSED)) {
            return row -> unfused(row, config.heads(), headDim);
        }
        return IntUnaryOperator.identity();
    }

    /** A row of a head's first or second half stands beside its partner in the file. */
    private static int interleaved(int row, int headDim) {
        int half = headDim / 2;
        int inHead = row % headDim;
        return row - inHead + inHead % half * 2 + inHead / half;
    }

    /** A head's query, key and value follow each other in the model, those of all heads in the file. */
    private static int unfused(int row, int heads, int headDim) {
        int head = row / (3 * headDim);
        int part = row / headDim % 3;
        return (part * heads + head) * headDim + row % headDim;
    }
}
