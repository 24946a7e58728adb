/** A cluster node without a model: scripted sessions for tests and for looking at the page. */
@NullMarked
package belle.gateway.fake;

import org.jspecify.annotations.NullMarked;
