/** Weights that are published as their difference from other ones. */
@NullMarked
package belle.export.delta;

import org.jspecify.annotations.NullMarked;
