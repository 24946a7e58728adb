/** Several processes, some of which die. */
@NullMarked
package belle.cluster;

import org.jspecify.annotations.NullMarked;
