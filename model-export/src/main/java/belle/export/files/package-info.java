/** Folders that an export makes on its way. */
@NullMarked
package belle.export.files;

import org.jspecify.annotations.NullMarked;
