/** Runs a cluster, disturbs it, and holds what its clients saw against what they were promised. */
@NullMarked
package belle.faults.campaign;

import org.jspecify.annotations.NullMarked;
