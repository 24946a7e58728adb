/** The public edge: an OpenAI-compatible HTTP server over the session region. */
@NullMarked
package belle.gateway;

import org.jspecify.annotations.NullMarked;
