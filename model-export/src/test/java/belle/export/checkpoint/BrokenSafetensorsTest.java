package belle.export.checkpoint;

import belle.export.checkpoint.TinyCheckpoints.Form;
import belle.export.checkpoint.TinyCheckpoints.Recipe;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged safetensors files, each made from a sound one. */
class BrokenSafetensorsTest {
    private static final String FILE = "model.safetensors";
    private static final String NORM = "model.norm.weight";
    private static final String EMBEDDING = "model.embed_tokens.weight";

    @TempDir
    Path dir = Path.of("");

    @BeforeEach
    void writeSoundCheckpoint() {
        TinyCheckpoints.write(dir, new Recipe(TinyCheckpoints.llama(), Form.SAFETENSORS, DType.F16, false, 7));
    }

    @Test
    void refusesAnEmptyFile() throws IOException {
        Files.write(dir.resolve(FILE), new byte[0]);
        Refused.by(dir, FILE, "file", "is empty");
    }

    @Test
    void refusesAFileCutInsideTheHeaderLength() throws IOException {
        changeBytes(bytes -> Arrays.copyOf(bytes, 5));
        Refused.by(dir, FILE, "header length", "the file ends at byte 5");
    }

    @Test
    void refusesAFileCutInsideTheHeader() throws IOException {
        changeBytes(bytes -> Arrays.copyOf(bytes, 200));
        Refused.by(dir, FILE, "header length", "the file has 200");
    }

    @Test
    void refusesAFileCutInsideTheData() throws IOException {
        changeBytes(bytes -> Arrays.copyOf(bytes, bytes.length - 1));
        Refused.by(dir, FILE, NORM.replace("model.norm", "lm_head"), "cut file?");
    }

    @Test
    void refusesBytesBehindTheLastTensor() throws IOException {
        changeBytes(bytes -> Arrays.copyOf(bytes, bytes.length + 4));
        Refused.by(dir, FILE, "data", "bytes are there, the tensors take");
    }

    @Test
    void refusesAHeaderLengthThatOverflows() throws IOException {
        for (long length : new long[] {-1, Long.MAX_VALUE, Long.MIN_VALUE, Integer.MAX_VALUE, 0, 1}) {
            changeBytes(bytes -> {
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
                return bytes;
            });
            Refused.by(dir, FILE, "header length", "given " + Long.toUnsignedString(length) + " bytes");
        }
    }

    @Test
    void refusesAHeaderThatIsNotJson() throws IOException {
        changeHeader((header, data) -> SafetensorsBytes.of("{\"a\": [}", data));
        Refused.by(dir, FILE, "header", "not valid JSON");
        changeHeader((header, data) -> SafetensorsBytes.of("[1, 2]", data));
        Refused.by(dir, FILE, "header", "not a JSON object");
        changeHeader((header, data) -> SafetensorsBytes.of("{} {}", data));
        Refused.by(dir, FILE, "header", "not valid JSON");
    }

    @Test
    void refusesAHeaderNestedThousandsDeep() throws IOException {
        changeHeader((header, data) -> SafetensorsBytes.of("{\"a\":" + "[".repeat(100_000) + "}", data));
        Refused.by(dir, FILE, "header", "nesting depth");
    }

    @Test
    void refusesANameThatIsThereTwice() throws IOException {
        changeHeader((header, data) -> SafetensorsBytes.of(
                "{\"" + NORM + "\":" + header.get(NORM) + ","
                        + header.toString().substring(1),
                data));
        Refused.by(dir, FILE, "header", "Duplicate field '" + NORM + "'");
    }

    @Test
    void refusesTensorsThatOverlap() throws IOException {
        changeEntry(NORM, entry -> {
            long begin = entry.path("data_offsets").path(0).longValue() - 2;
            entry.putArray("data_offsets").add(begin).add(begin + 128);
        });
        Refused.by(dir, FILE, NORM, "they overlap");
    }

    @Test
    void refusesAGapBetweenTensors() throws IOException {
        changeHeader((header, data) -> {
            header.remove(NORM);
            return SafetensorsBytes.of(header.toString(), data);
        });
        Refused.by(dir, FILE, "lm_head.weight", "a gap");
    }

    @Test
    void refusesATensorOutsideTheFile() throws IOException {
        changeEntry(
                NORM,
                entry ->
                        entry.putArray("data_offsets").add(Long.MAX_VALUE - 128).add(Long.MAX_VALUE));
        Refused.by(dir, FILE, NORM, "ends at byte 9223372036854775807");
    }

    @Test
    void refusesOffsetsThatAreNoPlaces() throws IOException {
        changeEntry(NORM, entry -> entry.putArray("data_offsets").add(-128).add(0));
        Refused.by(dir, FILE, NORM, "data_offsets has -128");
        changeEntry(NORM, entry -> entry.putArray("data_offsets").add(128).add(0));
        Refused.by(dir, FILE, NORM, "a beginning and an end, given [128, 0]");
        changeEntry(NORM, entry -> entry.putArray("data_offsets").add(0));
        Refused.by(dir, FILE, NORM, "a beginning and an end");
        changeEntry(NORM, entry -> entry.put("data_offsets", "0-128"));
        Refused.by(dir, FILE, NORM, "data_offsets is not a list");
        changeEntry(NORM, entry -> entry.putArray("data_offsets").add(0.5).add(128.5));
        Refused.by(dir, FILE, NORM, "data_offsets has 0.5");
    }

    @Test
    void refusesAShapeWhoseProductOverflows() throws IOException {
        changeEntry(NORM, entry -> entry.putArray("shape").add(1L << 32).add(1L << 32));
        Refused.by(dir, FILE, NORM, "the size of shape [4294967296, 4294967296] overflows");
    }

    @Test
    void refusesAShapeThatDoesNotFitItsBytes() throws IOException {
        changeEntry(NORM, entry -> entry.putArray("shape").add(65));
        Refused.by(dir, FILE, NORM, "F16 [65] takes 130 bytes, data_offsets give 128");
    }

    @Test
    void refusesNegativeAndTooManyDimensions() throws IOException {
        changeEntry(NORM, entry -> entry.putArray("shape").add(-64));
        Refused.by(dir, FILE, NORM, "shape has -64");
        changeEntry(NORM, entry -> {
            ArrayNode shape = entry.putArray("shape");
            for (int i = 0; i < 1000; i++) {
                shape.add(1);
            }
        });
        Refused.by(dir, FILE, NORM, "limit 8 dimensions, given 1000");
    }

    @Test
    void refusesAnotherShapeThanTheConfigurations() throws IOException {
        changeEntry(EMBEDDING, entry -> entry.putArray("shape").add(64).add(96));
        Refused.by(dir, FILE, EMBEDDING, "has shape [64, 96], config.json asks for [96, 64]");
    }

    @Test
    void refusesTypesThatAreNoWeights() throws IOException {
        changeEntry(NORM, entry -> entry.put("dtype", "I16"));
        Refused.by(dir, FILE, NORM, "is of type I16");
        changeEntry(NORM, entry -> entry.put("dtype", "F16 "));
        Refused.by(dir, FILE, NORM, "unknown dtype \"F16 \"");
        changeEntry(NORM, entry -> entry.remove("dtype"));
        Refused.by(dir, FILE, NORM, "unknown dtype (none)");
    }

    @Test
    void refusesUnknownFieldsOfAnEntry() throws IOException {
        changeEntry(NORM, entry -> entry.put("compression", "zstd"));
        Refused.by(dir, FILE, NORM, "unknown field 'compression'");
    }

    @Test
    void refusesAMissingTensor() throws IOException {
        rename(NORM, "model.layers.0.self_attn.rotary_emb.inv_freq");
        Refused.by(dir, dir.getFileName().toString(), NORM, "is missing: config.json asks for it with shape [64]");
    }

    @Test
    void refusesATensorOfALayerThatTheConfigurationLacks() throws IOException {
        String extra = "model.layers.2.input_layernorm.weight";
        changeHeader((header, data) -> {
            header.set(extra, SafetensorsBytes.entry("F16", List.of(1L), data.length, 2));
            return SafetensorsBytes.of(header.toString(), Arrays.copyOf(data, data.length + 2));
        });
        Refused.by(dir, FILE, extra, "is not part of the model");
    }

    @Test
    void refusesPackedWeightsBesidePlainOnes() throws IOException {
        rename(NORM, "model.norm.qweight");
        Refused.by(dir, dir.getFileName().toString(), NORM, "is missing");
    }

    @Test
    void refusesValuesThatAreNotFinite() throws IOException {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            for (DType type : List.of(DType.F32, DType.F16, DType.BF16)) {
                TinyCheckpoints.write(dir, new Recipe(TinyCheckpoints.llama(), Form.SAFETENSORS, type, false, 7));
                changeBytes(bytes -> {
                    byte[] value = TinyCheckpoints.stored(type, bad);
                    System.arraycopy(value, 0, bytes, bytes.length - value.length, value.length);
                    return bytes;
                });
                Refused.by(dir, FILE, "lm_head.weight", "element 6143 of shape [96, 64] is not a finite number");
            }
        }
    }

    @Test
    void keepsControlCharactersOutOfItsMessages() throws IOException {
        changeEntry(NORM, entry -> entry.put("dtype", "a\u0085b"));
        Refused.by(dir, FILE, NORM, "unknown dtype \"a?b\"");
        String evil = "evil\n\u001b[31m\u2028name";
        changeHeader((header, data) -> {
            header.set(evil, SafetensorsBytes.entry("I8", List.of(1L), data.length, 1));
            return SafetensorsBytes.of(header.toString(), Arrays.copyOf(data, data.length + 1));
        });
        Refused.by(dir, FILE, "evil??[31m?name", "is not part of the model");
    }

    private void rename(String from, String to) throws IOException {
        changeHeader((header, data) -> {
            header.set(to, header.remove(from));
            return SafetensorsBytes.of(header.toString(), data);
        });
    }

    private void changeEntry(String name, Consumer<ObjectNode> change) throws IOException {
        changeHeader((header, data) -> {
            change.accept((ObjectNode) header.get(name));
            return SafetensorsBytes.of(header.toString(), data);
        });
    }

    /** Starts from the sound file each time it can, so that changes do not pile up. */
    private void changeHeader(BiFunction<ObjectNode, byte[], byte[]> change) throws IOException {
        Path sound = dir.resolve("sound");
        if (!Files.exists(sound)) {
            Files.copy(dir.resolve(FILE), sound);
        }
        byte[] bytes = Files.readAllBytes(sound);
        int length = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        ObjectNode header =
                (ObjectNode) new ObjectMapper().readTree(new String(bytes, 8, length, StandardCharsets.UTF_8));
        Files.write(dir.resolve(FILE), change.apply(header, Arrays.copyOfRange(bytes, 8 + length, bytes.length)));
    }

    private void changeBytes(UnaryOperator<byte[]> change) throws IOException {
        Files.write(dir.resolve(FILE), change.apply(Files.readAllBytes(dir.resolve(FILE))));
    }
}
