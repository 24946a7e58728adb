/** Rules for the whole repository that a build can check. */
@NullMarked
package belle.house;

import org.jspecify.annotations.NullMarked;
