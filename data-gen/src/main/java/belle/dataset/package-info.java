/** Instruction data: its forms on disk, conversions between them, and the filters that clean it. */
@NullMarked
package belle.dataset;

import org.jspecify.annotations.NullMarked;
