/**
 * ONNX Runtime's C interface, for what its Java interface does not have: tensors in a device's own memory. Knows devices
 * and tensors, and nothing of models.
 */
@NullMarked
package belle.ort;

import org.jspecify.annotations.NullMarked;
