package belle.export.bundle;

import belle.export.checkpoint.Progress;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.PromptTemplates;
import belle.proto.bundle.WeightType;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Finds the reference fixtures: in $BELLE_SHARED, or in the folder {@code shared} beside the repository. */
public final class Fixtures {
    private Fixtures() {}

    /** Checkpoints of GPTQ's tools. */
    public static List<String> quantised() {
        return List.of(
                "bloom-tiny-belle-gptq-4bit",
                "bloom-tiny-belle-gptq-8bit",
                "bloom-tiny-autogptq-4bit",
                "bloom-tiny-autogptq-8bit-act",
                "llama-tiny-belle-gptq-4bit",
                "llama-tiny-belle-gptq-8bit",
                "llama-tiny-autogptq-4bit-act");
    }

    /** Exports a checkpoint into {@code folder}, its matrices as {@code weights} says, with an adapter merged where one is given. */
    static Bundle export(Path checkpoint, Path folder, Optional<WeightType> weights, Optional<Path> lora) {
        var options = new ExportOptions(
                folder.resolve("bundle"),
                false,
                weights,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                PromptTemplates.BELLE,
                lora,
                0);
        return Exporter.export(checkpoint, options, Progress.NONE);
    }

    /** Returns where a fixture is, or would be. */
    public static Path folder(String name) {
        String shared = System.getenv("BELLE_SHARED");
        Path root = shared != null
                ? Path.of(shared)
                : Path.of(System.getProperty("belle.root", ".")).resolve("../shared");
        return root.resolve("fixtures").resolve(name).normalize();
    }
}
