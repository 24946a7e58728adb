@NullMarked
package belle.node;

import org.jspecify.annotations.NullMarked;
