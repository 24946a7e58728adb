/**
 * Readers of Hugging Face checkpoint folders, in Java alone: {@code config.json}, safetensors, and PyTorch's zip files.
 *
 * <p>{@link Checkpoints#open} checks everything that can be checked without reading the weights; the weights are then
 * streamed through {@link Checkpoint}. Nothing that a checkpoint contains is ever executed, and whatever is wrong with
 * it is refused as a {@code Failure.Broken} that names the file and the field.
 */
@NullMarked
package belle.export.checkpoint;

import org.jspecify.annotations.NullMarked;
