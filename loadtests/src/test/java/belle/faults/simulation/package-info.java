/** The real actors of gateways and nodes in a simulated cluster: one thread, one seed, simulated time. */
@NullMarked
package belle.faults.simulation;

import org.jspecify.annotations.NullMarked;
