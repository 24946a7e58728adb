/** Pekko HTTP: routing, limits, bodies, server-sent events. */
@NullMarked
package belle.gateway.http;

import org.jspecify.annotations.NullMarked;
