package belle.runtime;

import belle.export.bundle.ExportOptions;
import belle.export.bundle.Exporter;
import belle.export.checkpoint.Progress;
import belle.proto.bundle.PromptTemplates;
import belle.proto.bundle.WeightType;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/** Bundles of the small checkpoints that lie in this repository. */
public final class TinyBundles {
    /** The embedded model: BLOOM, 2 layers, hidden 256, knows some chats by heart. */
    public static final String BLOOM = "ops/src/main/model/belle-tiny";

    /** LLaMA with grouped key/value heads; random weights. */
    public static final String LLAMA_GQA = "model-export/src/test/resources/references/llama-gqa-llama3-biases";

    private TinyBundles() {}

    /** Exports a checkpoint of the repository to a bundle in {@code folder} and returns its path. */
    public static Path export(String checkpoint, Path folder) throws Exception {
        return export(checkpoint, folder, Optional.empty());
    }

    /** The same with {@code weights} of another type than the checkpoint's. */
    static Path export(String checkpoint, Path folder, Optional<WeightType> weights) throws Exception {
        Path root = Path.of(Objects.requireNonNull(System.getProperty("belle.root"), "belle.root"));
        Path source = root.resolve(checkpoint);
        Path target = folder.resolve(source.getFileName());
        Exporter.export(source, new ExportOptions(target, false, weights, PromptTemplates.BELLE, 0), Progress.NONE);
        return target;
    }
}
