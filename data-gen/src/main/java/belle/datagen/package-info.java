/** Self-instruct: draws seed tasks, asks a model for more, and keeps what is new. */
@NullMarked
package belle.datagen;

import org.jspecify.annotations.NullMarked;
