package belle.proto.bundle;

import belle.proto.bundle.Manifest.Architecture;
import belle.proto.bundle.Manifest.FileEntry;
import belle.proto.bundle.Manifest.SamplingDefaults;
import belle.proto.bundle.Manifest.Source;
import belle.proto.bundle.Manifest.TensorEntry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A bundle of the smallest shape; its graph is no graph, which opening does not look at. */
final class TinyBundle {
    private TinyBundle() {}

    static void write(Path dir) throws IOException {
        Architecture shape = new Architecture("llama", 8, 16, 1, 1, 1, 8, 70, 65, 32, 2000);
        Map<String, TensorEntry> tensors = new TreeMap<>();
        long end = 0;
        for (var each : ExpectedTensor.of(shape, 0).entrySet()) {
            ExpectedTensor expected = each.getValue();
            if (expected.required()) {
                WeightType type = expected.types(WeightType.F16).getFirst();
                long bytes = type.bytes(expected.layout(), expected.dims(), 0);
                tensors.put(
                        each.getKey(),
                        new TensorEntry(
                                end, bytes, type.label(), expected.layout(), expected.dims(), expected.leafInputs()));
                end += (bytes + 4095) / 4096 * 4096;
            }
        }
        Files.createDirectories(dir);
        Map<String, FileEntry> files = new TreeMap<>();
        put(files, dir, Manifest.WEIGHTS_FILE, new byte[Math.toIntExact(end)]);
        put(files, dir, Manifest.TOKENIZER_FILE, "{}".getBytes(StandardCharsets.UTF_8));
        put(files, dir, Manifest.graphFile(0, 1), new byte[] {1, 2, 3});
        Manifest manifest = new Manifest(
                Manifest.FORMAT_VERSION,
                "tiny",
                0,
                shape,
                "f16",
                0,
                "f32",
                List.of(1),
                List.of(2),
                List.of(1),
                PromptTemplates.BELLE,
                SamplingDefaults.BELLE,
                new Source("tiny", "0".repeat(64), "test"),
                tensors,
                files);
        Files.write(dir.resolve(Manifest.FILE), ManifestJson.write(manifest));
    }

    private static void put(Map<String, FileEntry> files, Path dir, String name, byte[] content) throws IOException {
        Files.write(dir.resolve(name), content);
        boolean chunked = name.equals(Manifest.WEIGHTS_FILE);
        String hash = chunked ? FileHash.chunked(dir.resolve(name), 1 << 16) : FileHash.of(content);
        files.put(name, new FileEntry(content.length, hash, chunked ? Optional.of(1L << 16) : Optional.empty()));
    }
}
