/** Traces of requests across members, off unless {@code belle.traces.enabled}. */
@NullMarked
package belle.proto.trace;

import org.jspecify.annotations.NullMarked;
