/** Turns a checkpoint into a bundle, checks bundles, and tells what is in one. */
@NullMarked
package belle.export.bundle;

import org.jspecify.annotations.NullMarked;
