/** Tokenizer files of a checkpoint: checked, or converted, to the tokenizer.json of a bundle. */
@NullMarked
package belle.export.tokenizer;

import org.jspecify.annotations.NullMarked;
