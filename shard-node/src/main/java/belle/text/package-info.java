/** Text to tokens and back: the tokenizer, the vocabulary's bytes, and the rendering of conversations. */
@NullMarked
package belle.text;

import org.jspecify.annotations.NullMarked;
