/** A process as a member of the cluster: its settings, how it joins, and its management endpoint. */
@NullMarked
package belle.cluster;

import org.jspecify.annotations.NullMarked;
