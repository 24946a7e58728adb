/** A model bundle on disk: its manifest and its strict opening. */
@NullMarked
package belle.proto.bundle;

import org.jspecify.annotations.NullMarked;
