/** Tests of the readers of streams. */
@NullMarked
package belle.gateway.stream;

import org.jspecify.annotations.NullMarked;
