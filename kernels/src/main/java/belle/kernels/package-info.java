/** The C++ custom ops, as a file that ONNX Runtime can load, and what they say about themselves. */
@NullMarked
package belle.kernels;

import org.jspecify.annotations.NullMarked;
