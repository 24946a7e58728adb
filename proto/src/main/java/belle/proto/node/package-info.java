/** What a gateway asks a node about its models. */
@NullMarked
package belle.proto.node;

import org.jspecify.annotations.NullMarked;
