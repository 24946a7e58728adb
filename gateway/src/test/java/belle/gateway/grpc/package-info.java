/** Tests of the gRPC interface. */
@NullMarked
package belle.gateway.grpc;

import org.jspecify.annotations.NullMarked;
