/** A cluster of processes on one machine, and what can be done to them. */
@NullMarked
package belle.faults.cluster;

import org.jspecify.annotations.NullMarked;
