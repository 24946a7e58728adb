@NullMarked
package belle.replica;

import org.jspecify.annotations.NullMarked;
