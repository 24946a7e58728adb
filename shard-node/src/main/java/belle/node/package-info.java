/** One node: opens bundles, builds replicas, answers questions about its models, drains. */
@NullMarked
package belle.node;

import org.jspecify.annotations.NullMarked;
