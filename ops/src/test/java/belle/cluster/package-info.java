/** Members of a cluster, several in one JVM. */
@NullMarked
package belle.cluster;

import org.jspecify.annotations.NullMarked;
