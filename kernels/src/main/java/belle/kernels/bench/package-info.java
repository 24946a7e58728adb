/** Single ops run through ONNX Runtime, and their speed against the machine's measured ceilings. */
@NullMarked
package belle.kernels.bench;

import org.jspecify.annotations.NullMarked;
