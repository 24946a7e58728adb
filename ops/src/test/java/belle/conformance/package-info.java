/** Exported checkpoints against numbers that another implementation computed. */
@NullMarked
package belle.conformance;

import org.jspecify.annotations.NullMarked;
