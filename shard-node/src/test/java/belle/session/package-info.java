@NullMarked
package belle.session;

import org.jspecify.annotations.NullMarked;
