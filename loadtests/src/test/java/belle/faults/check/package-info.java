/** Tests of the promises. */
@NullMarked
package belle.faults.check;

import org.jspecify.annotations.NullMarked;
