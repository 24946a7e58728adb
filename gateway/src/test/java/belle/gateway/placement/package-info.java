/** Tests of where conversations go. */
@NullMarked
package belle.gateway.placement;

import org.jspecify.annotations.NullMarked;
