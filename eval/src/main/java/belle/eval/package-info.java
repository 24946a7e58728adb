/** Answers an evaluation set with models, scores the answers, and reports by task class. */
@NullMarked
package belle.eval;

import org.jspecify.annotations.NullMarked;
