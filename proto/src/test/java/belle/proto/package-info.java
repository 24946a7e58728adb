/** Tests of what members share. */
@NullMarked
package belle.proto;

import org.jspecify.annotations.NullMarked;
