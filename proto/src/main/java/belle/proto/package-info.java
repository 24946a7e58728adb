/** Small value types that every module shares. */
@NullMarked
package belle.proto;

import org.jspecify.annotations.NullMarked;
