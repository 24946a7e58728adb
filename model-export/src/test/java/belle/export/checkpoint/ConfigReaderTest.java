package belle.export.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import belle.proto.FailureException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What config.json may say, and what is refused. The values in the tables are JSON. */
class ConfigReaderTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path dir = Path.of("");

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            hidden_size | n_embed
            n_head      | num_attention_heads
            n_layer     | num_hidden_layers
            """)
    void knowsBothOfBloomsNames(String one, String other) throws IOException {
        ObjectNode json = TinyConfigs.node(TinyCheckpoints.bloom(), DType.F16);
        json.set(other, json.remove(one));
        assertThat(read(json).model()).isEqualTo(TinyCheckpoints.bloom());
        json.set(one, json.get(other));
        assertThat(read(json).model()).isEqualTo(TinyCheckpoints.bloom());
        json.put(one, 8);
        assertThatThrownBy(() -> read(json)).hasMessageContaining("but ").hasMessageContaining("says");
    }

    @Test
    void fillsInBloomsDefaults() throws IOException {
        ObjectNode json = TinyConfigs.node(TinyCheckpoints.bloom(), DType.F16);
        json.remove(List.of("seq_length", "layer_norm_epsilon", "tie_word_embeddings", "use_cache", "model_type"));
        json.remove("apply_residual_connection_post_layernorm");
        assertThat(read(json).model()).isEqualTo(new ModelConfig.Bloom(64, 2, 4, 96, 2048, 1e-5, true, false));
        json.remove("architectures");
        json.put("model_type", "bloom");
        assertThat(read(json).model()).isInstanceOf(ModelConfig.Bloom.class);
    }

    @Test
    void fillsInLlamasDefaults() throws IOException {
        ObjectNode json = TinyConfigs.node(TinyCheckpoints.llama(), DType.F16);
        json.remove(List.of("num_key_value_heads", "head_dim", "rms_norm_eps", "rope_theta", "tie_word_embeddings"));
        json.remove(List.of("hidden_act", "max_position_embeddings", "attention_bias", "mlp_bias"));
        assertThat(read(json).model())
                .isEqualTo(new ModelConfig.Llama(
                        64, 96, 2, 4, 4, 16, 96, 2048, 1e-6, 10_000, new RopeScaling.None(), false, false, false));
    }

    @Test
    void takesTheContextFromTheOlderFieldWhereTheUsualOneIsMissing() throws IOException {
        ObjectNode json = llama(node -> node.put("max_sequence_length", 512));
        assertThat(read(json).model().contextTokens()).isEqualTo(128);
        json.remove("max_position_embeddings");
        assertThat(read(json).model().contextTokens()).isEqualTo(512);
    }

    @Test
    void takesAHeadDimThatIsNotTheQuotient() throws IOException {
        ObjectNode json = llama(node -> node.put("head_dim", 24).put("num_attention_heads", 6));
        assertThat(read(json).model().headDim()).isEqualTo(24);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            rope_scaling    | {"type": "linear", "factor": 4}                                   | Linear[factor=4.0] | 512
            rope_scaling    | {"rope_type": "linear", "type": "linear", "factor": 1.5}          | Linear[factor=1.5] | 192
            rope_scaling    | {"type": "dynamic", "factor": 2.0}           | Dynamic[factor=2.0, originalTokens=128] | 256
            rope_parameters | {"rope_type": "default", "rope_theta": 10000}                     | None[]             | 128
            rope_scaling    | null                                                              | None[]             | 128
            rope_parameters | {"rope_type":"llama3","factor":8,"low_freq_factor":1,"high_freq_factor":4,"original_max_position_embeddings":32,"rope_theta":10000.0} | Llama3[factor=8.0, lowFrequencyFactor=1.0, highFrequencyFactor=4.0, originalTokens=32] | 128
            """)
    void readsRopeScaling(String field, String value, String scaling, int contextTokens) throws IOException {
        ModelConfig.Llama llama = (ModelConfig.Llama)
                read(llama(node -> node.set(field, parse(value)))).model();
        assertThat(llama.ropeScaling()).hasToString(scaling);
        assertThat(llama.contextTokens()).isEqualTo(contextTokens);
        assertThat(llama.ropeTheta()).isEqualTo(10_000);
    }

    @Test
    void takesRopeThetaFromRopeParameters() throws IOException {
        ObjectNode json = llama(node -> {
            node.remove("rope_theta");
            node.set("rope_parameters", parse("{\"rope_type\": \"default\", \"rope_theta\": 500000.0}"));
        });
        assertThat(((ModelConfig.Llama) read(json).model()).ropeTheta()).isEqualTo(500_000);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            rope_scaling | {"type": "yarn", "factor": 4}      | rope_scaling.rope_type: default, linear, dynamic and llama3 are known, given yarn
            rope_scaling | {"type": "linear"}                 | rope_scaling.factor: is missing
            rope_scaling | {"type": "linear", "factor": 0.5}  | rope_scaling.factor: a number from 1.0 to 10000.0 belongs here, given 0.5
            rope_scaling | {"type": "linear", "factor": 1e300} | rope_scaling.factor
            rope_scaling | {"type": "linear", "factor": "4"}  | given "4"
            rope_scaling | {"type": "linear", "rope_type": "dynamic", "factor": 2} | rope_scaling.type: "linear", but rope_type says "dynamic"
            rope_scaling | {"type": "linear", "factor": 2, "attention_factor": 1.5} | rope_scaling.attention_factor: 1.5 is not known
            rope_scaling | {"type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 4, "original_max_position_embeddings": 32} | rope_scaling.high_freq_factor: must exceed low_freq_factor 4.0, given 4.0
            rope_scaling | {"rope_type": "default", "rope_theta": 7.0} | rope_scaling.rope_theta: 7.0, but config.json's own says 10000.0
            rope_scaling | "linear"                           | rope_scaling: an object belongs here
            partial_rotary_factor | 0.5                       | partial_rotary_factor
            hidden_act   | "gelu"                             | hidden_act: silu is known, given gelu
            hidden_size  | null                               | hidden_size: is missing
            hidden_size  | 0                                  | hidden_size: limit 1 to 65536, given 0
            hidden_size  | -64                                | hidden_size: limit 1 to 65536, given -64
            hidden_size  | 64.0                               | hidden_size: a whole number belongs here, given 64.0
            hidden_size  | "64"                               | hidden_size: a whole number belongs here, given "64"
            hidden_size  | 18446744073709551680               | hidden_size: limit 1 to 65536, given 18446744073709551680
            num_attention_heads | 0                           | num_attention_heads: limit 1 to 1024, given 0
            num_key_value_heads | 3                           | num_key_value_heads: 4 heads cannot share 3 evenly
            num_hidden_layers   | 100000                      | num_hidden_layers: limit 1 to 1024, given 100000
            vocab_size   | 4294967296                         | vocab_size: limit 1 to 4194304
            head_dim     | 12                                 | head_dim: a multiple of 8 up to 256 is known, given 12
            head_dim     | 264                                | head_dim: limit 1 to 256, given 264
            rms_norm_eps | -1e-6                              | rms_norm_eps
            rms_norm_eps | "1e-6"                             | rms_norm_eps
            rope_theta   | 0                                  | rope_theta
            attention_bias | 1                                | attention_bias: true or false belongs here, given 1
            max_position_embeddings | 0                       | max_position_embeddings
            eos_token_id | 96                                 | eos_token_id: at most 16 ids below 96 belong here, given 96
            eos_token_id | [2, -1]                            | eos_token_id
            eos_token_id | "</s>"                             | eos_token_id
            sliding_window | 4096                             | sliding_window: 4096 is not known and could change the mathematics
            attention_multiplier | 0                          | attention_multiplier: 0 is not known
            auto_map     | {"AutoModel": "x.Y"}               | auto_map
            quantization_config | {"quant_method": "awq"}     | quantization_config.quant_method: gptq is read, given awq
            architectures | ["MistralForCausalLM"]            | architectures: BloomForCausalLM and LlamaForCausalLM are known, given MistralForCausalLM
            architectures | ["LlamaForCausalLM", "Other"]     | architectures
            architectures | "os.system"                       | architectures
            model_type   | "mistral"                          | model_type
            """)
    void refusesByName(String field, String value, String message) {
        assertThatThrownBy(() -> read(llama(node -> node.set(field, parse(value)))))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("config.json: ")
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            n_head  | 3   | hidden_size: 64 cannot be divided by 3 heads
            n_head  | 16  | head_dim: a multiple of 8 up to 256 is known, given 4
            n_inner | 128 | n_inner: four times hidden_size, 256, is known, given 128
            layer_norm_epsilon | 2 | layer_norm_epsilon
            rope_theta | 10000 | rope_theta: 10000 is not known
            """)
    void refusesWhatBloomHasNot(String field, String value, String message) {
        ObjectNode json = TinyConfigs.node(TinyCheckpoints.bloom(), DType.F16);
        json.set(field, parse(value));
        assertThatThrownBy(() -> read(json)).hasMessageContaining(message);
    }

    @Test
    void ignoresUnknownFieldsThatSayNothing() throws IOException {
        assertThat(read(llama(node -> node.put("sliding_window", false).putNull("layer_types")))
                        .model())
                .isEqualTo(TinyCheckpoints.llama());
    }

    @Test
    void takesEndingIdsFromTheGenerationConfigFirst() throws IOException {
        ObjectNode json = llama(node -> node.put("eos_token_id", 2));
        assertThat(read(json).generation().eosIds()).containsExactly(2);
        Files.writeString(
                dir.resolve("generation_config.json"),
                "{\"eos_token_id\": [5, 7], \"temperature\": 0.6, \"top_p\": 0.9, \"top_k\": 20, \"do_sample\": true}");
        GenerationConfig generation = read(json).generation();
        assertThat(generation.eosIds()).containsExactly(5, 7);
        assertThat(generation.bosIds()).containsExactly(1);
        assertThat(generation.temperature()).contains(0.6);
        assertThat(generation.topP()).contains(0.9);
        assertThat(generation.topK()).contains(20);
        assertThat(generation.repetitionPenalty()).isEmpty();
    }

    @Test
    void refusesABrokenGenerationConfig() throws IOException {
        Files.writeString(dir.resolve("generation_config.json"), "{\"eos_token_id\": 1.5}");
        assertThatThrownBy(() -> read(llama(_ -> {})))
                .hasMessageContaining("generation_config.json: eos_token_id: at most 16 ids below 96");
    }

    @Test
    void refusesAFieldThatIsThereTwiceAndAFileThatIsTooLarge() throws IOException {
        Path file = dir.resolve("config.json");
        Files.writeString(file, "{\"hidden_size\": 64, \"hidden_size\": 128}");
        assertThatThrownBy(() -> ConfigReader.read(dir)).hasMessageContaining("Duplicate field 'hidden_size'");
        Files.writeString(file, "{" + " ".repeat(2 << 20) + "}");
        assertThatThrownBy(() -> ConfigReader.read(dir))
                .hasMessageContaining("size: limit 1048576 bytes, given 2097154");
    }

    private static ObjectNode llama(Consumer<ObjectNode> change) {
        ObjectNode json = TinyConfigs.node(TinyCheckpoints.llama(), DType.F16);
        change.accept(json);
        return json;
    }

    private static JsonNode parse(String value) {
        try {
            return JSON.readTree(value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private ConfigReader read(ObjectNode json) throws IOException {
        Files.writeString(dir.resolve("config.json"), json.toString());
        return ConfigReader.read(dir);
    }
}
