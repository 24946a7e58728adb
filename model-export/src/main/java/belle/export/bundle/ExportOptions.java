package belle.export.bundle;

import belle.proto.bundle.PromptTemplate;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What an export is asked for.
 *
 * @param target the bundle's folder-to-be
 * @param overwrite whether a bundle that is already there may be replaced; anything else there never is
 * @param weights f32 or f16; empty takes f32 for a checkpoint with f32 matrices and f16 for all others
 * @param template how a conversation becomes a prompt
 * @param lora folder of a PEFT adapter to merge
 * @param createdEpochSeconds the time to record
 */
public record ExportOptions(
        Path target,
        boolean overwrite,
        Optional<String> weights,
        PromptTemplate template,
        Optional<Path> lora,
        long createdEpochSeconds) {
    /** Without an adapter. */
    public ExportOptions(
            Path target,
            boolean overwrite,
            Optional<String> weights,
            PromptTemplate template,
            long createdEpochSeconds) {
        this(target, overwrite, weights, template, Optional.empty(), createdEpochSeconds);
    }
}
