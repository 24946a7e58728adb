@NullMarked
package belle.bench;

import org.jspecify.annotations.NullMarked;
