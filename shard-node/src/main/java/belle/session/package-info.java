/** The sharded entity of a conversation: it owns the log of every turn and paces its readers. */
@NullMarked
package belle.session;

import org.jspecify.annotations.NullMarked;
