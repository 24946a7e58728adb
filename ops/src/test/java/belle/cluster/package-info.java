/** Members of a cluster, in one JVM and as processes, some of which die. */
@NullMarked
package belle.cluster;

import org.jspecify.annotations.NullMarked;
