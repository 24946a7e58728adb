/** What clients saw of a cluster, and what was done to it meanwhile. */
@NullMarked
package belle.faults.history;

import org.jspecify.annotations.NullMarked;
