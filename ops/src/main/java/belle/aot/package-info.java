/** What {@code ./belle} does with the jars that Maven built before commands run from them. */
@NullMarked
package belle.aot;

import org.jspecify.annotations.NullMarked;
