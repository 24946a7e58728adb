package belle.proto.bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import belle.proto.Failure;
import belle.proto.FailureException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A bundle that is not exactly what its manifest says is refused, and the message names the place. */
final class BundleTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path dir;

    @BeforeEach
    void writeBundle() throws IOException {
        TinyBundle.write(dir);
    }

    @ParameterizedTest
    @EnumSource(Verification.class)
    void opensASoundBundle(Verification verification) {
        Bundle bundle = Bundle.open(dir, verification);
        assertThat(bundle.manifest().name()).isEqualTo("tiny");
        assertThat(bundle.graph(0, 1)).isEqualTo(dir.resolve("rank-0-of-1.onnx"));
    }

    @Test
    void writesAndReadsTheSameManifest() throws IOException {
        byte[] json = Files.readAllBytes(dir.resolve(Manifest.FILE));
        assertThat(ManifestJson.write(ManifestJson.read(json))).isEqualTo(json);
    }

    /** Path of a field, the JSON to put there, and what the message must say. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "/formatVersion | 2 | version 1",
                "/formatVersion | \"1\" | formatVersion",
                "/surprise | 1 | surprise: is no field",
                "/architecture/surprise | 1 | surprise",
                "/architecture/family | \"gpt\" | architecture.family",
                "/architecture/hidden | 16 | but the architecture asks for",
                "/architecture/hidden | 0 | architecture.hidden",
                "/architecture/hidden | 8.5 | hidden",
                "/architecture/hidden | null | hidden",
                "/architecture/layers | 2 | is missing",
                "/architecture/kvHeads | 3 | kvHeads",
                "/architecture/tokens | 71 | architecture.tokens",
                "/architecture/heads | 2000000000 | architecture.heads",
                "/weights | \"f64\" | weights",
                "/weights | \"f32\" | type",
                "/group | 128 | group",
                "/kvCache | \"f8\" | kvCache",
                "/degrees | [2] | degrees",
                "/degrees | [1, 2] | rank-0-of-2.onnx",
                "/degrees | [] | degrees",
                "/eosIds | [65] | eosIds",
                "/bosIds | [-1] | bosIds",
                "/sampling/topP | 0 | sampling.topP",
                "/files/..~1..~1etc~1passwd | {\"bytes\":1,\"sha256\":\"\",\"chunkBytes\":null} | outside the bundle",
                "/files/extra.bin | {\"bytes\":1,\"sha256\":\"\",\"chunkBytes\":null} | extra.bin",
                "/files/weights.bin/bytes | -1 | files.weights.bin.bytes",
                "/files/weights.bin/chunkBytes | 0 | chunkBytes",
                "/files/weights.bin/sha256 | \"00\" | files.weights.bin.sha256",
                "/files/tokenizer.json/bytes | 3 | tokenizer.json: bytes",
                "/tensors/head.weight/offset | -4096 | tensors.head.weight.offset",
                "/tensors/head.weight/offset | 100 | no multiple of 4096",
                "/tensors/head.weight/offset | 0 | inside",
                "/tensors/head.weight/offset | 9223372036854771712 | end behind",
                "/tensors/head.weight/bytes | 1 | tensors.head.weight.bytes",
                "/tensors/head.weight/dims | [71, 8] | tensors.head.weight.dims",
                "/tensors/head.weight/layout | \"rows\" | tensors.head.weight.layout",
                "/tensors/head.weight/leafInputs | [0, 8] | tensors.head.weight.leafInputs",
                "/tensors/layers.0.mlp.down.weight/leafInputs | [] | leafInputs",
                "/tensors/unknown.weight | {\"offset\":0,\"bytes\":4,\"type\":\"f32\",\"layout\":\"vector\",\"dims\":[1],\"leafInputs\":[]} | unknown.weight",
            })
    void refusesAManifestField(String pointer, String value, String message) throws IOException {
        Path file = dir.resolve(Manifest.FILE);
        JsonNode tree = JSON.readTree(Files.readAllBytes(file));
        int last = pointer.lastIndexOf('/');
        ObjectNode parent = (ObjectNode) tree.at(pointer.substring(0, last));
        parent.set(pointer.substring(last + 1).replace("~1", "/"), JSON.readTree(value));
        Files.write(file, JSON.writeValueAsBytes(tree));
        assertBroken(message);
    }

    @Test
    void refusesAMissingField() throws IOException {
        edit("\"group\" : 0,", "");
        assertBroken("group: is missing");
    }

    @Test
    void refusesAFieldGivenTwice() throws IOException {
        edit("\"group\" : 0,", "\"group\" : 0, \"group\" : 0,");
        assertBroken("Duplicate");
    }

    @Test
    void refusesJsonThatIsCut() throws IOException {
        byte[] json = Files.readAllBytes(dir.resolve(Manifest.FILE));
        Files.write(dir.resolve(Manifest.FILE), Arrays.copyOf(json, json.length / 2));
        assertBroken("manifest.json: json");
    }

    @Test
    void refusesAFolderWithoutAManifest() throws IOException {
        Files.delete(dir.resolve(Manifest.FILE));
        assertBroken("no model bundle");
    }

    @Test
    void refusesAMissingFile() throws IOException {
        Files.delete(dir.resolve(Manifest.TOKENIZER_FILE));
        assertBroken("tokenizer.json: file: is missing");
    }

    @Test
    void refusesAFileThatTheManifestDoesNotName() throws IOException {
        Files.writeString(dir.resolve("notes.txt"), "hello");
        assertBroken("notes.txt");
    }

    @Test
    void refusesACutFile() throws IOException {
        Files.write(dir.resolve(Manifest.WEIGHTS_FILE), new byte[100]);
        assertBroken("weights.bin: bytes: are 100");
    }

    @Test
    void refusesALinkInPlaceOfAFile() throws IOException {
        Path graph = dir.resolve(Manifest.graphFile(0, 1));
        Files.delete(graph);
        Files.createSymbolicLink(graph, Path.of(Manifest.TOKENIZER_FILE));
        assertBroken("is not a regular file");
    }

    @Test
    void refusesAFlippedByteOfTheWeights() throws IOException {
        byte[] weights = Files.readAllBytes(dir.resolve(Manifest.WEIGHTS_FILE));
        weights[weights.length - 1] ^= 1;
        Files.write(dir.resolve(Manifest.WEIGHTS_FILE), weights);
        assertBroken("weights.bin: sha256");
    }

    private void edit(String from, String to) throws IOException {
        Path file = dir.resolve(Manifest.FILE);
        String json = Files.readString(file);
        assertThat(json).contains(from);
        Files.writeString(file, json.replace(from, to));
    }

    private void assertBroken(String message) {
        assertThatThrownBy(() -> Bundle.open(dir, Verification.EVERYTHING))
                .isInstanceOf(FailureException.class)
                .satisfies(e -> assertThat(((FailureException) e).failure()).isInstanceOf(Failure.Broken.class))
                .hasMessageContaining(message)
                .message()
                .hasLineCount(1);
    }
}
