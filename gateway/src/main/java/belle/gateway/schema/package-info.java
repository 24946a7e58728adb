/** What JSON may look like: one description that both checks a request and documents it. */
@NullMarked
package belle.gateway.schema;

import org.jspecify.annotations.NullMarked;
