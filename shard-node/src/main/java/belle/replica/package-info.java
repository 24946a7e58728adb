/** The actors of one model replica: the batch loop, the owner of the key/value cache, and the ranks. */
@NullMarked
package belle.replica;

import org.jspecify.annotations.NullMarked;
