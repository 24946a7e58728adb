package belle.cli;

import belle.export.bundle.ExportOptions;
import belle.export.bundle.Exporter;
import belle.export.delta.DecryptedFolder;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.PromptTemplate;
import belle.proto.bundle.PromptTemplates;
import belle.proto.bundle.WeightType;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Iterator;
import java.util.Locale;
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

    @Option(
            names = "--weights",
            paramLabel = "TYPE",
            description = {
                "f32, f16, q8 or q4.",
                "If not given, what the checkpoint has: its own codes where it is quantised, f32 where it is in float32, else f16."
            })
    private @Nullable String weights;

    @Option(
            names = "--group",
            paramLabel = "INPUTS",
            description =
                    "Inputs that share a scale in q8 and q4: 32, 64 or 128; if not given the checkpoint's, or 128.")
    private @Nullable Integer group;

    @Option(
            names = "--head",
            paramLabel = "TYPE",
            description = "The head of q8 and q4 weights: f16, or q8, which is faster (f16).")
    private @Nullable String head;

    @Option(
            names = "--calibration",
            paramLabel = "FILE",
            description =
                    "Plain text to quantise by (GPTQ), the first 32,768 tokens; without it weights are rounded to nearest.")
    private @Nullable Path calibration;

    @Option(
            names = "--activation-order",
            description = "Quantise the inputs with the largest activations first; with --calibration.")
    private boolean byActivation;

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

    @Option(
            names = "--portable",
            description = "Also write the model in ONNX's own operators, for accelerators; doubles the bundle's size.")
    private boolean portable;

    @Option(names = "--force", description = "Replace a bundle that is already there.")
    private boolean force;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        if (group != null && !WeightType.GROUPS.contains(group)) {
            throw new FailureException(
                    new Failure.Invalid("group", "group " + group + " is none of " + WeightType.GROUPS));
        }
        if (byActivation && calibration == null) {
            throw new FailureException(new Failure.Invalid(
                    "activation-order", "activation-order is of a calibration: name one with --calibration"));
        }
        ExportOptions options = options();
        if (key == null) {
            export(checkpoint, options);
        } else {
            options.refuseTakenTarget(); // Before gigabytes are decrypted.
            try (var decrypted = decrypted(key)) {
                export(decrypted.path(), options);
            }
        }
        return 0;
    }

    /** All but the calibration, for which the checkpoint's tokenizer must be readable. */
    private ExportOptions options() {
        return new ExportOptions(
                out,
                force,
                Optional.ofNullable(weights).map(ExportCommand::weightType),
                Optional.ofNullable(group),
                Optional.ofNullable(head).map(ExportCommand::headType),
                Optional.empty(),
                knownTemplate(),
                Optional.ofNullable(lora),
                portable,
                Instant.now().getEpochSecond());
    }

    private DecryptedFolder decrypted(Path key) {
        try (var bar = ProgressBar.onStandardError(spec.commandLine().getErr())) {
            return DecryptedFolder.of(checkpoint, key, out, bar);
        }
    }

    private void export(Path from, ExportOptions plain) {
        var line = spec.commandLine();
        ExportOptions options = calibration == null
                ? plain
                : plain.withCalibration(CalibrationText.read(calibration, from, byActivation));
        Bundle bundle;
        try (var bar = ProgressBar.onStandardError(line.getErr())) {
            bundle = Exporter.export(from, options, bar);
        }
        var manifest = bundle.manifest();
        line.getOut()
                .println(out + ": " + manifest.architecture().family() + " in " + manifest.weights() + ", "
                        + Output.bytes(BundleSize.of(manifest).diskBytes()) + "; serve it with: belle up --model "
                        + out);
    }

    private static WeightType weightType(String name) {
        return WeightType.of(name.toLowerCase(Locale.ROOT))
                .filter(type -> type != WeightType.I32)
                .orElseThrow(() -> new FailureException(
                        new Failure.Invalid("weights", "weights '" + name + "' is none of f32, f16, q8, q4")));
    }

    private static WeightType headType(String name) {
        return WeightType.of(name.toLowerCase(Locale.ROOT))
                .filter(type -> type == WeightType.F16 || type == WeightType.Q8)
                .orElseThrow(() ->
                        new FailureException(new Failure.Invalid("head", "head '" + name + "' is neither f16 nor q8")));
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
