package belle.export.bundle;

import belle.export.checkpoint.Checkpoint;
import belle.kernels.Kernels;
import belle.proto.bundle.FileHash;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Everything that a bundle's quantised weights depend on, as one hash. */
final class ExportFingerprint {
    /** Counted up when the same text makes other weights of the same checkpoint. */
    private static final int ALGORITHM = 1;

    private ExportFingerprint() {}

    /** {@code source}: the hash of the checkpoint's weight files. */
    static String of(Checkpoint checkpoint, ExportOptions options, String source, WeightPlan plan) throws IOException {
        StringBuilder all = new StringBuilder();
        all.append(Exporter.VERSION).append(' ').append(ALGORITHM).append('\n');
        all.append(Kernels.library().getFileName()).append('\n');
        all.append(source).append('\n');
        for (Path folder : Stream.concat(Stream.of(checkpoint.dir()), options.lora().stream())
                .filter(Files::isDirectory)
                .toList()) {
            settings(folder, all);
        }
        all.append(plan.entries()).append('\n');
        all.append(options.calibration()).append('\n');
        return FileHash.of(all.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** How the weights are to be read: scales of adapters, forms of quantisation, positions. */
    private static void settings(Path folder, StringBuilder all) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            List<Path> files = entries.filter(file -> file.toString().endsWith(".json"))
                    .sorted()
                    .toList();
            for (Path file : files) {
                all.append(file.getFileName())
                        .append(' ')
                        .append(FileHash.plain(file))
                        .append('\n');
            }
        }
    }
}
