package belle.export.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Writes small random checkpoints in every form that Hugging Face's libraries write. They hold no tokenizer. */
public final class TinyCheckpoints {
    private static final int SHARDS = 3;

    private TinyCheckpoints() {}

    /** How weights are stored. */
    public enum Form {
        SAFETENSORS,
        SAFETENSORS_SHARDED,
        TORCH,
        TORCH_SHARDED
    }

    /**
     * What to write.
     *
     * @param type F32, F16 or BF16
     * @param prefixed whether BLOOM's names begin with {@code transformer.}
     * @param seed of the weights
     */
    public record Recipe(ModelConfig config, Form form, DType type, boolean prefixed, long seed) {}

    /** A BLOOM of 2 layers, hidden size 64, 4 heads and 96 tokens. */
    public static ModelConfig.Bloom bloom() {
        return new ModelConfig.Bloom(64, 2, 4, 96, 128, 1e-5, true, false);
    }

    /** An untied LLaMA of 2 layers, hidden size 64, 4 heads, 2 key/value heads and 96 tokens. */
    public static ModelConfig.Llama llama() {
        return new ModelConfig.Llama(
                64, 96, 2, 4, 2, 16, 96, 128, 1e-6, 10_000, new RopeScaling.None(), false, false, false);
    }

    /** Writes {@code recipe} into the folder {@code dir}, which is made, and returns it. */
    public static Path write(Path dir, Recipe recipe) {
        try {
            Files.createDirectories(dir);
            Files.writeString(dir.resolve("config.json"), TinyConfigs.json(recipe.config(), recipe.type()));
            Files.writeString(
                    dir.resolve("generation_config.json"),
                    "{\"_from_model_config\": true, \"bos_token_id\": 1, \"eos_token_id\": 2}");
            switch (recipe.form()) {
                case SAFETENSORS -> writeFile(dir.resolve("model.safetensors"), recipe, weights(recipe));
                case TORCH -> writeFile(dir.resolve("pytorch_model.bin"), recipe, weights(recipe));
                case SAFETENSORS_SHARDED -> writeShards(dir, "model", ".safetensors", recipe);
                case TORCH_SHARDED -> writeShards(dir, "pytorch_model", ".bin", recipe);
            }
            return dir;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The weights of {@code recipe} by the readers' names, as exact as its type stores them. */
    public static Map<String, float[]> weights(Recipe recipe) {
        Random random = new Random(recipe.seed());
        Map<String, float[]> weights = new LinkedHashMap<>();
        ExpectedTensors.of(recipe.config()).forEach((name, shape) -> {
            float[] values = new float[Math.toIntExact(StoredTensor.elements(shape))];
            double middle = name.contains("norm") || name.startsWith("ln_f") ? 1 : 0;
            for (int i = 0; i < values.length; i++) {
                values[i] = rounded(recipe.type(), (float) (middle + 0.05 * random.nextGaussian()));
            }
            weights.put(name, values);
        });
        return weights;
    }

    /** The shapes of {@code recipe}'s tensors by the names in its files. */
    static Map<String, List<Long>> storedShapes(Recipe recipe) {
        Map<String, List<Long>> shapes = new LinkedHashMap<>();
        ExpectedTensors.of(recipe.config()).forEach((name, shape) -> shapes.put(storedName(recipe, name), shape));
        return shapes;
    }

    /** The name that {@code recipe}'s files give a tensor. */
    static String storedName(Recipe recipe, String name) {
        boolean isPrefixed = recipe.prefixed() && recipe.config() instanceof ModelConfig.Bloom;
        return isPrefixed && !name.equals(ExpectedTensors.HEAD) ? "transformer." + name : name;
    }

    /** Little-endian bytes of {@code values} as {@code type}. */
    static byte[] stored(DType type, float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            switch (type) {
                case F16 -> bytes.putShort(Float.floatToFloat16(value));
                case BF16 -> bytes.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
                default -> bytes.putFloat(value);
            }
        }
        return bytes.array();
    }

    private static float rounded(DType type, float value) {
        return switch (type) {
            case F16 -> Float.float16ToFloat(Float.floatToFloat16(value));
            case BF16 -> Float.intBitsToFloat(Float.floatToRawIntBits(value) & 0xffff0000);
            default -> value;
        };
    }

    private static void writeShards(Path dir, String start, String end, Recipe recipe) throws IOException {
        List<Map<String, float[]>> shards = new ArrayList<>();
        for (int i = 0; i < SHARDS; i++) {
            shards.add(new LinkedHashMap<>());
        }
        weights(recipe)
                .forEach((name, values) ->
                        shards.get(Math.floorMod(name.hashCode(), SHARDS)).put(name, values));
        Map<String, String> shardOf = new TreeMap<>();
        for (int i = 0; i < SHARDS; i++) {
            String file = "%s-%05d-of-%05d%s".formatted(start, i + 1, SHARDS, end);
            shards.get(i).keySet().forEach(name -> shardOf.put(storedName(recipe, name), file));
            writeFile(dir.resolve(file), recipe, shards.get(i));
        }
        String map = shardOf.entrySet().stream()
                .map(entry -> "\"%s\": \"%s\"".formatted(entry.getKey(), entry.getValue()))
                .collect(Collectors.joining(",\n"));
        Files.writeString(
                dir.resolve(start + end + ".index.json"),
                "{\"metadata\": {\"total_size\": 1}, \"weight_map\": {%s}}".formatted(map));
    }

    private static void writeFile(Path file, Recipe recipe, Map<String, float[]> weights) throws IOException {
        Map<String, byte[]> data = new LinkedHashMap<>();
        Map<String, List<Long>> shapes = ExpectedTensors.of(recipe.config());
        Map<String, List<Long>> storedShapes = new LinkedHashMap<>();
        weights.forEach((name, values) -> {
            data.put(storedName(recipe, name), stored(recipe.type(), values));
            storedShapes.put(storedName(recipe, name), shapes.getOrDefault(name, List.of()));
        });
        if (file.toString().endsWith(".safetensors")) {
            Files.write(file, SafetensorsBytes.of(recipe.type(), storedShapes, data));
        } else {
            String folder = file.getFileName().toString().replace(".bin", "");
            Files.write(file, TorchBytes.of(folder, recipe.type(), storedShapes, data));
        }
    }
}
