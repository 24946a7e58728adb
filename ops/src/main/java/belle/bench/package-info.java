/**
 * Measurements of a running server, its own or a peer's, through the public HTTP interface alone. Prints nothing:
 * results are {@link belle.bench.Measurement}s.
 */
@NullMarked
package belle.bench;

import org.jspecify.annotations.NullMarked;
