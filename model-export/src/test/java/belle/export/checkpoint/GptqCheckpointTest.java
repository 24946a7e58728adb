package belle.export.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import belle.export.checkpoint.GptqBytes.Form;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Checkpoints of GPTQ's tools. */
class GptqCheckpointTest {
    private static final Form BELLE = new Form(4, 32, false, true, false);
    private static final String QUERY = "model.layers.0.self_attn.q_proj";

    @TempDir
    private Path dir;

    static Stream<Form> forms() {
        return Stream.of(4, 8)
                .flatMap(bits -> Stream.of(
                        new Form(bits, 32, false, true, false),
                        new Form(bits, -1, false, true, true),
                        new Form(bits, 16, true, true, true),
                        new Form(bits, 64, true, false, true)));
    }

    @ParameterizedTest
    @MethodSource("forms")
    void theNumbersAreThoseThatTheIntegersMean(Form form) {
        for (ModelConfig config : List.of(TinyCheckpoints.bloom(), TinyCheckpoints.llama())) {
            Path folder = dir.resolve(config.getClass().getSimpleName());
            Map<String, float[]> meant = GptqBytes.write(folder, config, form, 3);
            try (Checkpoint checkpoint = Checkpoints.open(folder)) {
                assertThat(checkpoint.tensors().keySet())
                        .containsExactlyElementsOf(ExpectedTensors.of(config).keySet());
                meant.forEach((name, values) -> {
                    float[] read = new float[values.length];
                    int half = values.length / 2 - 5;
                    checkpoint.read(name, 0, read, 0, half);
                    checkpoint.read(name, half, read, half, values.length - half);
                    assertThat(read).as(name).isEqualTo(values);
                });
            }
        }
    }

    @Test
    void aMissingPartIsNamed() throws IOException {
        GptqBytes.write(dir, TinyCheckpoints.llama(), BELLE, 3);
        rename(QUERY + ".qzeros", QUERY + ".qzerox");
        Refused.by(dir, "model.safetensors", QUERY + ".qzeros", "is missing beside " + QUERY + ".qweight");
    }

    @Test
    void groupsThatDoNotExistAreRefused() throws IOException {
        GptqBytes.write(dir, TinyCheckpoints.llama(), new Form(4, 16, true, true, true), 3);
        // The first tensors are the embedding and a norm, and then the first layer's groups.
        Path file = dir.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        int begin = bytes.length - dataBytes(bytes) + (96 * 64 + 64) * Float.BYTES;
        bytes[begin] = 4;
        Files.write(file, bytes);
        Refused.by(dir, "model.safetensors", QUERY + ".g_idx", "input 0 is in group 4, there are 4");
    }

    @Test
    void aBiasThatTheConfigurationDoesNotAskForMustBeZero() throws IOException {
        GptqBytes.write(dir, TinyCheckpoints.llama(), BELLE, 3);
        rename(QUERY + ".bias", "model.layers.0.self_attn.q_proj.bia5");
        Refused.by(dir, "model.safetensors", "model.layers.0.self_attn.q_proj.bia5", "is not part of the model");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"bits": 3}                                        | bits            | 4 and 8 are read, given 3
            {"bits": 4, "quant_method": "awq"}                 | quant_method    | gptq is read, given awq
            {"bits": 4, "group_size": 0}                       | group_size      | given 0
            {"bits": 4, "checkpoint_format": "marlin"}         | checkpoint_format | gptq and gptq_v2 are read, given marlin
            {"bits": 4, "pack_dtype": "int16"}                 | pack_dtype      | int32 is read, given int16
            {"bits": 4, "dynamic": {"x": {"bits": 8}}}         | dynamic         | settings of their own are not read
            {"bits": 4, "rotation": "hadamard"}                | rotation        | could change the mathematics
            """)
    void aWayOfQuantisingThatIsNotKnownIsRefused(String config, String field, String problem) throws IOException {
        GptqBytes.write(dir, TinyCheckpoints.llama(), BELLE, 3);
        Files.writeString(dir.resolve("quantize_config.json"), config);
        Refused.by(dir, "quantize_config.json", field, problem);
    }

    @Test
    void sizesThatDisagreeAreRefused() throws IOException {
        GptqBytes.write(dir, TinyCheckpoints.llama(), BELLE, 3);
        Files.writeString(dir.resolve("quantize_config.json"), "{\"bits\": 8, \"group_size\": 32}");
        Refused.by(dir, "model.safetensors", QUERY + ".qweight", "holds numbers of 4 bits, the configuration says 8");
        Files.writeString(dir.resolve("quantize_config.json"), "{\"bits\": 4, \"group_size\": 16}");
        Refused.by(dir, "model.safetensors", QUERY + ".scales", "64 inputs do not make 2 groups of 16");
    }

    private static int dataBytes(byte[] file) {
        long header = 0;
        for (int i = 7; i >= 0; i--) {
            header = header << 8 | Byte.toUnsignedLong(file[i]);
        }
        return file.length - Long.BYTES - (int) header;
    }

    private void rename(String name, String other) throws IOException {
        Path file = dir.resolve("model.safetensors");
        String bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
        Files.writeString(file, bytes.replace("\"" + name + "\"", "\"" + other + "\""), StandardCharsets.ISO_8859_1);
    }
}
