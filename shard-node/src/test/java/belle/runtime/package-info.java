@NullMarked
package belle.runtime;

import org.jspecify.annotations.NullMarked;
