package belle.cli;

import belle.export.bundle.ExportOptions;
import belle.export.bundle.Exporter;
import belle.export.checkpoint.Progress;
import belle.proto.bundle.PromptTemplates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The small model that ships with the program, as a bundle for processes of a test's own. */
final class TinyBundle {
    private TinyBundle() {}

    /** Returns it below {@code folder}, exported unless it is there. */
    static Path in(Path folder) throws IOException {
        return in(folder, "belle-tiny");
    }

    /** The same under another name. */
    static Path in(Path folder, String name) throws IOException {
        return in(folder, name, Path.of("src", "main", "model", "belle-tiny"));
    }

    /** Another checkpoint. */
    static Path in(Path folder, String name, Path checkpoint) throws IOException {
        Path bundle = folder.resolve(name);
        if (!Files.exists(bundle)) {
            var options = new ExportOptions(bundle, false, Optional.empty(), PromptTemplates.BELLE, 0);
            Exporter.export(checkpoint, options, Progress.NONE);
        }
        return bundle;
    }
}
