/** Builds the ONNX graphs of a bundle: one file a model family, on top of a small typed builder. */
@NullMarked
package belle.export.graph;

import org.jspecify.annotations.NullMarked;
