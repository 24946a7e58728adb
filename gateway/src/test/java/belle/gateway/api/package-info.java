/** Tests of what the gateway writes and reads. */
@NullMarked
package belle.gateway.api;

import org.jspecify.annotations.NullMarked;
