/** Other people's Java clients, unchanged, against a running server. */
@NullMarked
package belle.clients;

import org.jspecify.annotations.NullMarked;
