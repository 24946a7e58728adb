/** The promises to clients as properties of a history. */
@NullMarked
package belle.faults.check;

import org.jspecify.annotations.NullMarked;
