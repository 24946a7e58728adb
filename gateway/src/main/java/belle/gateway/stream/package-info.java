/** The actors between an HTTP answer and the sessions: readers of streams and the directory of nodes. */
@NullMarked
package belle.gateway.stream;

import org.jspecify.annotations.NullMarked;
