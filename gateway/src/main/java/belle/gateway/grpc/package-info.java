/** The gRPC service: the same requests as over HTTP, as messages of {@code belle.v1}. */
@NullMarked
package belle.gateway.grpc;

import org.jspecify.annotations.NullMarked;
