/** Clients of all kinds, each with its own record of what it saw. */
@NullMarked
package belle.faults.client;

import org.jspecify.annotations.NullMarked;
