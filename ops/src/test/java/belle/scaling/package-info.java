@NullMarked
package belle.scaling;

import org.jspecify.annotations.NullMarked;
