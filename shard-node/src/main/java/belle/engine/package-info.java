/** The engine: pure decisions about sequences, steps, cache blocks and samples. */
@NullMarked
package belle.engine;

import org.jspecify.annotations.NullMarked;
