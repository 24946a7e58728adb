package belle.export.bundle;

import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.PromptTemplate;
import belle.proto.bundle.WeightType;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What an export is asked for.
 *
 * @param target the bundle's folder-to-be
 * @param overwrite whether a bundle that is already there may be replaced; anything else there never is
 * @param weights how matrices are stored; empty keeps what the checkpoint quantised, or else takes f32 for a checkpoint with
 *     f32 matrices and f16 for all others
 * @param group inputs that share a scale in quantised weights; empty takes the checkpoint's, or 128
 * @param head how the head is stored where weights are quantised: f16, as if empty, or q8
 * @param calibration text to quantise by; without it weights are rounded to nearest
 * @param template how a conversation becomes a prompt
 * @param lora folder of a PEFT adapter to merge
 * @param portable whether the model is written in ONNX's own operators too, with weights of its own
 * @param createdEpochSeconds the time to record
 */
public record ExportOptions(
        Path target,
        boolean overwrite,
        Optional<WeightType> weights,
        Optional<Integer> group,
        Optional<WeightType> head,
        Optional<Calibration> calibration,
        PromptTemplate template,
        Optional<Path> lora,
        boolean portable,
        long createdEpochSeconds) {
    /** Without a portable model. */
    public ExportOptions(
            Path target,
            boolean overwrite,
            Optional<WeightType> weights,
            Optional<Integer> group,
            Optional<WeightType> head,
            Optional<Calibration> calibration,
            PromptTemplate template,
            Optional<Path> lora,
            long createdEpochSeconds) {
        this(target, overwrite, weights, group, head, calibration, template, lora, false, createdEpochSeconds);
    }

    /** Without an adapter or calibration, and with the groups that the checkpoint has. */
    public ExportOptions(
            Path target,
            boolean overwrite,
            Optional<WeightType> weights,
            PromptTemplate template,
            long createdEpochSeconds) {
        this(
                target,
                overwrite,
                weights,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                template,
                Optional.empty(),
                createdEpochSeconds);
    }

    /** Returns the same with a text to quantise by. */
    public ExportOptions withCalibration(Calibration text) {
        return new ExportOptions(
                target,
                overwrite,
                weights,
                group,
                head,
                Optional.of(text),
                template,
                lora,
                portable,
                createdEpochSeconds);
    }

    /** Returns the same with the model in ONNX's own operators too. */
    public ExportOptions withPortable() {
        return new ExportOptions(
                target, overwrite, weights, group, head, calibration, template, lora, true, createdEpochSeconds);
    }

    /** Refuses a target that is there and is not to be replaced: the earlier, the less work is lost. */
    public void refuseTakenTarget() {
        Path taken = target.toAbsolutePath().normalize();
        if (!Files.exists(taken, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (!Bundle.looksLikeOne(taken)) {
            throw new FailureException(
                    new Failure.Invalid("out", taken + " exists and is no bundle: name another folder"));
        }
        if (!overwrite) {
            throw new FailureException(
                    new Failure.Invalid("out", taken + " is already there: remove it, or replace it with --force"));
        }
    }
}
