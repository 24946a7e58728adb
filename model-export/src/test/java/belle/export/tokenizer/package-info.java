@NullMarked
package belle.export.tokenizer;

import org.jspecify.annotations.NullMarked;
