package belle.export.bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import belle.export.checkpoint.Progress;
import belle.proto.FailureException;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.PromptTemplates;
import belle.proto.bundle.Verification;
import belle.proto.bundle.WeightType;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An export is whole or nothing, and says why. */
final class ExporterTest {
    @TempDir
    private Path folder;

    @Test
    void writesABundleThatVerifies() throws Exception {
        Bundle bundle = export(checkpoint("llama-mqa-linear"), false);
        assertThat(Verifier.verify(bundle.dir()).manifest()).isEqualTo(bundle.manifest());
        assertThat(bundle.manifest().source().checkpoint()).isEqualTo("llama-mqa-linear");
        assertThat(bundle.manifest().kvCache()).isEqualTo("f32");
        assertThat(folder).isDirectoryContaining(path -> path.endsWith("bundle"));
        assertThat(names(folder)).containsExactly("bundle");
    }

    @Test
    void writesTheSameBytesTwice() throws Exception {
        Path checkpoint = checkpoint("bloom-6-heads-residual-after-norm");
        Manifest first = export(checkpoint, false).manifest();
        assertThat(export(checkpoint, true).manifest()).isEqualTo(first);
    }

    @Test
    void aFlippedByteIsFound() throws Exception {
        Bundle bundle = export(checkpoint("llama-mqa-linear"), false);
        for (String name : bundle.manifest().files().keySet()) {
            flip(bundle.file(name), 100);
            assertThatThrownBy(() -> Bundle.open(bundle.dir(), Verification.UNLESS_STAMPED))
                    .isInstanceOf(FailureException.class)
                    .hasMessageContaining(name)
                    .hasMessageContaining("sha256");
            flip(bundle.file(name), 100);
        }
        assertThat(Bundle.open(bundle.dir(), Verification.UNLESS_STAMPED).manifest())
                .isEqualTo(bundle.manifest());
    }

    @Test
    void refusesATargetThatIsTaken() throws Exception {
        Path checkpoint = checkpoint("llama-mqa-linear");
        export(checkpoint, false);
        assertThatThrownBy(() -> export(checkpoint, false)).hasMessageContaining("--force");
        Files.delete(folder.resolve("bundle").resolve(Manifest.FILE));
        assertThatThrownBy(() -> export(checkpoint, true)).hasMessageContaining("no bundle");
    }

    @Test
    void refusesWeightsThatFloat16CannotHoldAndLeavesNothing() throws Exception {
        Path checkpoint = copy(checkpoint("llama-gqa-llama3-biases"));
        // The first element of a bfloat16 matrix becomes 1e5.
        patch(checkpoint.resolve("model.safetensors"), "model.layers.0.mlp.down_proj.weight", (short) 0x47C3);
        assertThatThrownBy(() -> export(checkpoint, false))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("layers.0.mlp.down.weight")
                .hasMessageContaining("--weights f32");
        assertThat(names(folder)).containsExactly("checkpoint");
        assertThat(export(checkpoint, false, Optional.of(WeightType.F32))
                        .manifest()
                        .weights())
                .isEqualTo("f32");
    }

    @Test
    void refusesNotANumberNamingTheTensor() throws Exception {
        Path checkpoint = copy(checkpoint("llama-gqa-llama3-biases"));
        patch(checkpoint.resolve("model.safetensors"), "model.layers.1.self_attn.k_proj.weight", (short) 0x7FC0);
        assertThatThrownBy(() -> export(checkpoint, false))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("model.layers.1.self_attn.k_proj.weight");
        assertThat(names(folder)).containsExactly("checkpoint");
    }

    @Test
    void removesWhatAKilledExportLeft() throws Exception {
        Path half = Files.createDirectories(folder.resolve(".bundle.partial").resolve("bundle"));
        Files.writeString(half.resolve("weights.bin"), "half, and longer than the whole".repeat(10_000));
        Files.createFile(folder.resolve(".bundle.lock"));
        export(checkpoint("llama-mqa-linear"), false);
        assertThat(names(folder)).containsExactly("bundle");
    }

    @Test
    void refusesATokenizerWithMoreIdsThanRows() throws Exception {
        Path checkpoint = copy(checkpoint("llama-mqa-linear"));
        Path json = checkpoint.resolve("tokenizer.json");
        Files.writeString(json, Files.readString(json).replace("\"z\": 28", "\"z\": 70"));
        assertThatThrownBy(() -> export(checkpoint, false))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("tokenizer.json");
    }

    @Test
    void takesTheCheckpointsOwnSamplingSettingsAndRefusesImpossibleOnes() throws Exception {
        Path checkpoint = copy(checkpoint("llama-mqa-linear"));
        Path generation = checkpoint.resolve("generation_config.json");
        Files.writeString(generation, "{\"temperature\": 0.6, \"top_p\": 0.9, \"eos_token_id\": 2}");
        assertThat(export(checkpoint, false).manifest().sampling())
                .isEqualTo(new Manifest.SamplingDefaults(0.6, 0.9, 30, 1.2));
        Files.writeString(generation, "{\"top_p\": 7.0, \"eos_token_id\": 2}");
        assertThatThrownBy(() -> export(checkpoint, true)).isInstanceOf(FailureException.class);
        assertThat(names(folder)).containsExactly("bundle", "checkpoint");
    }

    @Test
    void tellsItsProgressToTheEnd() throws Exception {
        long[] last = new long[2];
        Exporter.export(checkpoint("llama-mqa-linear"), options(false, Optional.empty()), (done, total) -> {
            last[0] = done;
            last[1] = total;
        });
        assertThat(last[0]).isPositive().isEqualTo(last[1]);
    }

    private Bundle export(Path checkpoint, boolean overwrite) {
        return export(checkpoint, overwrite, Optional.empty());
    }

    private Bundle export(Path checkpoint, boolean overwrite, Optional<WeightType> weights) {
        return Exporter.export(checkpoint, options(overwrite, weights), Progress.NONE);
    }

    private ExportOptions options(boolean overwrite, Optional<WeightType> weights) {
        return new ExportOptions(folder.resolve("bundle"), overwrite, weights, PromptTemplates.BELLE, 0);
    }

    private static Path checkpoint(String name) throws URISyntaxException {
        return Path.of(Objects.requireNonNull(ExporterTest.class.getResource("/references/" + name))
                .toURI());
    }

    private Path copy(Path checkpoint) throws IOException {
        Path copy = Files.createDirectory(folder.resolve("checkpoint"));
        try (Stream<Path> files = Files.list(checkpoint)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        return copy;
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    /** Overwrites the first element of a 16-bit tensor. */
    private static void patch(Path file, String tensor, short element) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        int header = Math.toIntExact(bytes.getLong(0));
        String json = new String(bytes.array(), 8, header, StandardCharsets.UTF_8);
        String from = json.substring(json.indexOf("\"" + tensor + "\""))
                .replaceFirst("(?s).*?\"data_offsets\":\\[(\\d+).*", "$1");
        bytes.putShort(8 + header + Integer.parseInt(from), element);
        Files.write(file, bytes.array());
    }

    private static void flip(Path file, long position) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, position);
            one.put(0, (byte) (one.get(0) ^ 1));
            channel.write(one.rewind(), position);
        }
    }
}
