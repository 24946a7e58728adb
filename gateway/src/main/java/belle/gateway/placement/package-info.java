/** Which node a conversation is computed on. */
@NullMarked
package belle.gateway.placement;

import org.jspecify.annotations.NullMarked;
