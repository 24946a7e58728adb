/** Checks an accelerator on the machine that has one: the golden cases, speed and memory, as a report. */
@NullMarked
package belle.gpu;

import org.jspecify.annotations.NullMarked;
