package belle.runtime;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Checkpoints of any shape with random weights, in float32, with the embedded model's tokenizer. */
final class RandomCheckpoint {
    private static final int VOCABULARY = 2560;
    private static final int LAYERS = 2;

    private final Map<String, int[]> tensors = new LinkedHashMap<>();
    private final Path folder;

    private RandomCheckpoint(Path folder) {
        this.folder = folder;
    }

    /** A BLOOM, whose MLP has four times as many units as the hidden size. */
    static Path bloom(Path folder, int heads, int headDim) throws IOException {
        int hidden = heads * headDim;
        var checkpoint = new RandomCheckpoint(folder);
        checkpoint.tensors.put("word_embeddings.weight", new int[] {VOCABULARY, hidden});
        checkpoint.linear("word_embeddings_layernorm", hidden);
        for (int layer = 0; layer < LAYERS; layer++) {
            String at = "h." + layer + ".";
            checkpoint.linear(at + "input_layernorm", hidden);
            checkpoint.linear(at + "self_attention.query_key_value", 3 * hidden, hidden);
            checkpoint.linear(at + "self_attention.dense", hidden, hidden);
            checkpoint.linear(at + "post_attention_layernorm", hidden);
            checkpoint.linear(at + "mlp.dense_h_to_4h", 4 * hidden, hidden);
            checkpoint.linear(at + "mlp.dense_4h_to_h", hidden, 4 * hidden);
        }
        checkpoint.linear("ln_f", hidden);
        return checkpoint.write("""
                {"model_type": "bloom", "architectures": ["BloomForCausalLM"], "hidden_size": %d, "n_head": %d, "n_layer": %d,
                 "vocab_size": %d, "seq_length": 256, "layer_norm_epsilon": 1e-5, "eos_token_id": 2}
                """.formatted(hidden, heads, LAYERS, VOCABULARY));
    }

    /** A LLaMA with an untied head and biases in its attention. */
    static Path llama(Path folder, int heads, int kvHeads, int headDim, int units) throws IOException {
        int hidden = heads * headDim;
        var checkpoint = new RandomCheckpoint(folder);
        checkpoint.tensors.put("model.embed_tokens.weight", new int[] {VOCABULARY, hidden});
        for (int layer = 0; layer < LAYERS; layer++) {
            String at = "model.layers." + layer + ".";
            checkpoint.tensors.put(at + "input_layernorm.weight", new int[] {hidden});
            checkpoint.linear(at + "self_attn.q_proj", hidden, hidden);
            checkpoint.linear(at + "self_attn.k_proj", kvHeads * headDim, hidden);
            checkpoint.linear(at + "self_attn.v_proj", kvHeads * headDim, hidden);
            checkpoint.linear(at + "self_attn.o_proj", hidden, hidden);
            checkpoint.tensors.put(at + "post_attention_layernorm.weight", new int[] {hidden});
            checkpoint.tensors.put(at + "mlp.gate_proj.weight", new int[] {units, hidden});
            checkpoint.tensors.put(at + "mlp.up_proj.weight", new int[] {units, hidden});
            checkpoint.tensors.put(at + "mlp.down_proj.weight", new int[] {hidden, units});
        }
        checkpoint.tensors.put("model.norm.weight", new int[] {hidden});
        checkpoint.tensors.put("lm_head.weight", new int[] {VOCABULARY, hidden});
        return checkpoint.write("""
                {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": %d, "num_attention_heads": %d,
                 "num_key_value_heads": %d, "intermediate_size": %d, "num_hidden_layers": %d, "vocab_size": %d,
                 "max_position_embeddings": 256, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "hidden_act": "silu",
                 "attention_bias": true, "tie_word_embeddings": false, "eos_token_id": 2}
                """.formatted(hidden, heads, kvHeads, units, LAYERS, VOCABULARY));
    }

    private void linear(String name, int... dims) {
        tensors.put(name + ".weight", dims);
        tensors.put(name + ".bias", new int[] {dims[0]});
    }

    private Path write(String config) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), config);
        Path tiny = Path.of(Objects.requireNonNull(System.getProperty("belle.root"), "belle.root"), TinyBundles.BLOOM);
        for (String file : new String[] {"tokenizer.json", "tokenizer_config.json"}) {
            if (Files.exists(tiny.resolve(file))) {
                Files.copy(tiny.resolve(file), folder.resolve(file));
            }
        }
        try (FileChannel file = FileChannel.open(
                folder.resolve("model.safetensors"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            byte[] header = header().getBytes(StandardCharsets.UTF_8);
            file.write(bytes(Long.BYTES).putLong(header.length).flip());
            file.write(ByteBuffer.wrap(header));
            Random random = new Random(7);
            for (int[] dims : tensors.values()) {
                int elements = elements(dims);
                ByteBuffer values = bytes(elements * Float.BYTES);
                for (int i = 0; i < elements; i++) {
                    float around = dims.length == 1 ? 0.5f : 0;
                    values.putFloat(around + (float) random.nextGaussian() / (float) Math.sqrt(dims[dims.length - 1]));
                }
                file.write(values.flip());
            }
        }
        return folder;
    }

    private String header() {
        long[] at = {0};
        return tensors.entrySet().stream()
                .map(tensor -> {
                    long from = at[0];
                    at[0] += (long) elements(tensor.getValue()) * Float.BYTES;
                    String shape = IntStream.of(tensor.getValue())
                            .mapToObj(Integer::toString)
                            .collect(Collectors.joining(","));
                    return "\"%s\":{\"dtype\":\"F32\",\"shape\":[%s],\"data_offsets\":[%d,%d]}"
                            .formatted(tensor.getKey(), shape, from, at[0]);
                })
                .collect(Collectors.joining(",", "{", "}"));
    }

    private static int elements(int[] dims) {
        return IntStream.of(dims).reduce(1, Math::multiplyExact);
    }

    private static ByteBuffer bytes(int count) {
        return ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
    }
}
