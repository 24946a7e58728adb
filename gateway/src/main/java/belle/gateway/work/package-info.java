/** What HTTP and gRPC have in common: who may ask, opening streams, questions about models and sessions. */
@NullMarked
package belle.gateway.work;

import org.jspecify.annotations.NullMarked;
