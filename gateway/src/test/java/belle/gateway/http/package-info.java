/** Tests of connections. */
@NullMarked
package belle.gateway.http;

import org.jspecify.annotations.NullMarked;
