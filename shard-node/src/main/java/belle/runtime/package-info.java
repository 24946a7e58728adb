/** Runs steps on ONNX Runtime: the key/value pool's memory, a rank's session, and a loop without actors. */
@NullMarked
package belle.runtime;

import org.jspecify.annotations.NullMarked;
