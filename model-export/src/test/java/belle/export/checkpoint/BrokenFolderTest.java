package belle.export.checkpoint;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import belle.export.checkpoint.TinyCheckpoints.Form;
import belle.export.checkpoint.TinyCheckpoints.Recipe;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders whose files are sound one by one, but do not make a checkpoint, and folders that a checkpoint may be. */
class BrokenFolderTest {
    private static final String INDEX = "model.safetensors.index.json";
    private static final String SHARD = "model-00001-of-00003.safetensors";
    private static final String HEAD = "lm_head.weight";

    @TempDir
    Path dir = Path.of("");

    @Test
    void refusesAFolderThatIsNotThere() {
        Refused.by(dir.resolve("nowhere"), "nowhere", "folder", "there is no such folder");
    }

    @Test
    void refusesAFolderWithoutConfigurationOrWeights() throws IOException {
        Refused.by(dir, "config.json", "file", "there is no such file");
        Files.writeString(dir.resolve("config.json"), TinyConfigs.json(TinyCheckpoints.llama(), DType.F16));
        Refused.by(dir, dir.getFileName().toString(), "weights", "there is none of model.safetensors");
        Files.writeString(dir.resolve("training_args.bin"), "not weights");
        Refused.by(dir, dir.getFileName().toString(), "weights", "there is none of model.safetensors");
        Files.writeString(dir.resolve("a.bin"), "a");
        Files.writeString(dir.resolve("b.bin"), "b");
        Refused.by(dir, dir.getFileName().toString(), "weights", "2 .bin files and no index");
    }

    @Test
    void refusesFoldersInPlaceOfFiles() throws IOException {
        write(Form.SAFETENSORS);
        Files.delete(dir.resolve("model.safetensors"));
        Files.createDirectory(dir.resolve("model.safetensors"));
        Refused.by(dir, "model.safetensors", "file", "is a folder");
    }

    @Test
    void refusesLinksThatLeadInCirclesOrNowhere() throws IOException {
        write(Form.SAFETENSORS);
        Path file = dir.resolve("model.safetensors");
        Files.delete(file);
        Files.createSymbolicLink(file, dir.resolve("other"));
        Refused.by(dir, "model.safetensors", "file", "there is no such file");
        Files.createSymbolicLink(dir.resolve("other"), file);
        Refused.by(dir, "model.safetensors", "file", "Too many levels of symbolic links");
    }

    @Test
    void followsLinksIntoADownloadCache() throws IOException {
        write(Form.SAFETENSORS);
        Path blob = dir.resolve("blob");
        Files.move(dir.resolve("model.safetensors"), blob);
        Files.createSymbolicLink(dir.resolve("model.safetensors"), Path.of("blob"));
        Refused.readAll(dir);
    }

    @Test
    void takesASingleFileOfAnotherName() throws IOException {
        write(Form.TORCH);
        Files.move(dir.resolve("pytorch_model.bin"), dir.resolve("ggml.pt"));
        Files.writeString(dir.resolve("optimizer.pt"), "not weights");
        Refused.readAll(dir);
    }

    @Test
    void prefersSafetensors() throws IOException {
        write(Form.SAFETENSORS);
        Files.writeString(dir.resolve("pytorch_model.bin"), "never opened");
        Refused.readAll(dir);
    }

    @Test
    void refusesShardsOutsideTheFolder() throws IOException {
        for (String shard : List.of(
                "../model.safetensors",
                "/etc/passwd",
                "a/b.safetensors",
                "..\\\\b.safetensors",
                "..",
                "",
                "C:b.bin",
                ".hidden.safetensors",
                "config.json",
                "a\\u0000.safetensors")) {
            write(Form.SAFETENSORS_SHARDED);
            place(HEAD, shard);
            Refused.by(dir, INDEX, HEAD, "is not the name of a file in this folder");
        }
    }

    @Test
    void refusesMissingShards() throws IOException {
        write(Form.SAFETENSORS_SHARDED);
        Files.delete(dir.resolve(SHARD));
        Refused.by(dir, SHARD, "file", "there is no such file");
    }

    @Test
    void refusesAnIndexThatPlacesATensorElsewhere() throws IOException {
        write(Form.SAFETENSORS_SHARDED);
        String index = Files.readString(dir.resolve(INDEX));
        String elsewhere = index.contains("\"" + HEAD + "\": \"" + SHARD) ? SHARD.replace("00001-", "00002-") : SHARD;
        place(HEAD, elsewhere);
        Refused.by(dir, INDEX, HEAD, "is not in " + elsewhere + ", where the index places it");
    }

    @Test
    void refusesATensorThatTheIndexDoesNotKnow() throws IOException {
        write(Form.SAFETENSORS_SHARDED);
        Path index = dir.resolve(INDEX);
        Files.writeString(index, Files.readString(index).replaceFirst("\"lm_head.weight\": \"[^\"]*\",", ""));
        Refused.by(dir, shardOf(HEAD), HEAD, "is not in " + INDEX);
    }

    @Test
    void refusesATensorInTwoShards() throws IOException {
        write(Form.SAFETENSORS_SHARDED);
        String shard = shardOf(HEAD);
        Files.copy(dir.resolve(shard), dir.resolve("model-copy.safetensors"));
        String first = names(dir.resolve(shard)).getFirst();
        Path index = dir.resolve(INDEX);
        Files.writeString(
                index,
                Files.readString(index)
                        .replace("\"weight_map\": {", "\"weight_map\": {\"x\": \"model-copy.safetensors\","));
        Refused.by(dir, "model-copy.safetensors", first, "is in " + shard + " too");
        Files.writeString(index, Files.readString(index).replace("\"x\"", "\"" + HEAD + "\""));
        Refused.by(dir, INDEX, "index", "Duplicate field 'lm_head.weight'");
    }

    @Test
    void refusesABrokenIndex() throws IOException {
        write(Form.SAFETENSORS_SHARDED);
        for (var broken : Map.of(
                        "{}", "weight_map",
                        "{\"weight_map\": {}}", "weight_map",
                        "{\"weight_map\": 3}", "weight_map",
                        "{\"weight_map\": {\"a\": 3}}", "a",
                        "{\"weight_map\"", "index")
                .entrySet()) {
            Files.writeString(dir.resolve(INDEX), broken.getKey());
            Refused.by(dir, INDEX, broken.getValue(), "");
        }
    }

    @Test
    void refusesNamesWithAndWithoutPrefixAtOnce() throws IOException {
        Recipe recipe = new Recipe(TinyCheckpoints.bloom(), Form.SAFETENSORS, DType.F16, true, 7);
        writeWith(recipe, "ln_f.bias", new float[64]);
        Refused.by(dir, "model.safetensors", "ln_f.bias", "is also there as transformer.ln_f.bias");
    }

    @Test
    void leavesSavedConstantsUnread() {
        Recipe recipe = new Recipe(TinyCheckpoints.bloom(), Form.SAFETENSORS, DType.F16, true, 7);
        writeWith(recipe, "transformer.h.0.self_attention.bias", new float[64]);
        Refused.readAll(dir);
        try (Checkpoint checkpoint = Checkpoints.open(dir)) {
            assertThat(checkpoint.tensors()).doesNotContainKey("h.0.self_attention.bias");
        }
    }

    @Test
    void takesATiedHeadThatRepeatsTheEmbedding() {
        Recipe recipe = new Recipe(TinyCheckpoints.bloom(), Form.SAFETENSORS, DType.F16, true, 7);
        writeWith(recipe, HEAD, embedding(recipe));
        try (Checkpoint checkpoint = Checkpoints.open(dir)) {
            assertThat(checkpoint.tensors()).doesNotContainKey(HEAD);
        }
    }

    @Test
    void refusesATiedHeadThatDiffers() {
        Recipe recipe = new Recipe(TinyCheckpoints.bloom(), Form.SAFETENSORS, DType.F16, true, 7);
        float[] head = embedding(recipe);
        head[77] += 1;
        writeWith(recipe, HEAD, head);
        Refused.by(
                dir,
                "model.safetensors",
                HEAD,
                "ties it to transformer.word_embeddings.weight, but element 77 differs");
        writeWith(recipe, HEAD, new float[64]);
        Refused.by(dir, "model.safetensors", HEAD, "has shape [64], config.json asks for [96, 64]");
    }

    @Test
    void holdsNoFileOpenAfterARefusal() throws IOException {
        write(Form.SAFETENSORS_SHARDED);
        Files.delete(dir.resolve("model-00003-of-00003.safetensors"));
        Path open = Path.of("/proc/self/fd");
        assumeTrue(Files.isDirectory(open), "no /proc here");
        Refused.by(dir, "model-00003-of-00003.safetensors", "file", "there is no such file");
        try (var descriptors = Files.list(open)) {
            assertThat(descriptors.map(BrokenFolderTest::target))
                    .noneMatch(target -> target.startsWith(dir.toString()));
        }
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return "closed meanwhile";
        }
    }

    private static float[] embedding(Recipe recipe) {
        return requireNonNull(TinyCheckpoints.weights(recipe).get(ExpectedTensors.BLOOM_EMBEDDING));
    }

    private void write(Form form) {
        TinyCheckpoints.write(dir, new Recipe(TinyCheckpoints.llama(), form, DType.F16, false, 7));
    }

    /** Writes {@code recipe} as one safetensors file with one tensor more, of the embedding's shape if it is as large. */
    private void writeWith(Recipe recipe, String name, float[] values) {
        TinyCheckpoints.write(dir, recipe);
        var shapes = TinyCheckpoints.storedShapes(recipe);
        var data = new LinkedHashMap<String, byte[]>();
        TinyCheckpoints.weights(recipe)
                .forEach((weight, floats) -> data.put(
                        TinyCheckpoints.storedName(recipe, weight), TinyCheckpoints.stored(recipe.type(), floats)));
        shapes.put(name, values.length == 64 ? List.of(64L) : List.of(96L, 64L));
        data.put(name, TinyCheckpoints.stored(recipe.type(), values));
        try {
            Files.write(dir.resolve("model.safetensors"), SafetensorsBytes.of(recipe.type(), shapes, data));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void place(String name, String shard) throws IOException {
        Path index = dir.resolve(INDEX);
        String changed = Files.readString(index)
                .replaceFirst(
                        "\"" + name + "\": \"[^\"]*\"", "\"" + name + "\": \"" + shard.replace("\\", "\\\\") + "\"");
        Files.writeString(index, changed);
    }

    private String shardOf(String name) {
        for (int i = 1; i <= 3; i++) {
            Path shard = dir.resolve("model-0000%d-of-00003.safetensors".formatted(i));
            if (names(shard).contains(name)) {
                return shard.getFileName().toString();
            }
        }
        return "nowhere";
    }

    private static List<String> names(Path shard) {
        try (SourceFile file = SourceFile.open(shard)) {
            return Safetensors.read(file).stream().map(StoredTensor::name).toList();
        }
    }
}
