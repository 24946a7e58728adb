@NullMarked
package belle.journal;

import org.jspecify.annotations.NullMarked;
