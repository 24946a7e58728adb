/** What a gateway and a session say to each other. */
@NullMarked
package belle.proto.session;

import org.jspecify.annotations.NullMarked;
