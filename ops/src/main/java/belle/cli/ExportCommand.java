package belle.cli;

import belle.export.bundle.ExportOptions;
import belle.export.bundle.Exporter;
import belle.export.delta.DecryptedFolder;
import belle.export.tokenizer.TokenizerFiles;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.PromptTemplate;
import belle.proto.bundle.PromptTemplates;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code belle export}: a Hugging Face folder becomes a bundle. */
@Command(name = "export", description = "Turns a Hugging Face checkpoint into a bundle.")
final class ExportCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "CHECKPOINT",
            description = "A folder with config.json, a tokenizer and the weights, or a GGUF file.")
    private Path checkpoint;

    @Option(names = "--out", paramLabel = "BUNDLE", required = true, description = "The bundle's folder, to be made.")
    private Path out;

    @Option(names = "--weights", description = "f32 or f16; if not given f16, or f32 for a checkpoint in float32.")
    private @Nullable String weights;

    @Option(
            names = "--key",
            paramLabel = "FILE",
            description = "consolidated.00.pth of the original LLaMA, for a folder of BELLE's .enc files.")
    private @Nullable Path key;

    @Option(names = "--lora", paramLabel = "DIR", description = "A PEFT adapter to merge into the weights.")
    private @Nullable Path lora;

    @Option(
            names = "--template",
            defaultValue = "belle",
            description = "Prompt template: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE}).",
            completionCandidates = TemplateNames.class)
    private String template;

    @Option(names = "--force", description = "Replace a bundle that is already there.")
    private boolean force;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        if (weights != null && !weights.equals("f16") && !weights.equals("f32")) {
            throw new FailureException(new Failure.Invalid(
                    "weights", "weights '" + weights + "' cannot be made by this version; choose f16 or f32"));
        }
        var options = new ExportOptions(
                out,
                force,
                Optional.ofNullable(weights),
                knownTemplate(),
                Optional.ofNullable(lora),
                Instant.now().getEpochSecond());
        if (key == null) {
            export(checkpoint, options);
        } else {
            try (var decrypted = decrypted(key)) {
                export(decrypted.path(), options);
            }
        }
        return 0;
    }

    private DecryptedFolder decrypted(Path key) {
        try (var bar = ProgressBar.onStandardError(spec.commandLine().getErr())) {
            return DecryptedFolder.of(checkpoint, key, out, bar);
        }
    }

    private void export(Path from, ExportOptions options) {
        var line = spec.commandLine();
        Bundle bundle;
        try (var bar = ProgressBar.onStandardError(line.getErr())) {
            bundle = Exporter.export(from, options, bar);
        }
        if (TokenizerFiles.bringsChatTemplate(from)) {
            line.getErr()
                    .println("note: the checkpoint's own chat template is not used; conversations follow '" + template
                            + "', choose another with --template " + String.join("|", PromptTemplates.names()));
        }
        var manifest = bundle.manifest();
        line.getOut()
                .println(out + ": " + manifest.architecture().family() + " in " + manifest.weights() + ", "
                        + Output.bytes(BundleSize.of(manifest).diskBytes()) + "; serve it with: belle up --model "
                        + out);
    }

    private PromptTemplate knownTemplate() {
        return PromptTemplates.named(template)
                .orElseThrow(() -> new FailureException(new Failure.Invalid(
                        "template",
                        "no prompt template '" + template + "'; known are "
                                + String.join(", ", PromptTemplates.names()))));
    }

    /** The names for {@code --help}. */
    static final class TemplateNames implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return PromptTemplates.names().iterator();
        }
    }
}
