/** Tests of the whole gateway over real sockets. */
@NullMarked
package belle.gateway;

import org.jspecify.annotations.NullMarked;
