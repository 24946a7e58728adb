/** Turns written down in a database, so that they outlast the cluster. */
@NullMarked
package belle.journal;

import org.jspecify.annotations.NullMarked;
