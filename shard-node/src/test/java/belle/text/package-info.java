@NullMarked
package belle.text;

import org.jspecify.annotations.NullMarked;
