package belle.export.graph;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.util.List;

/** A named tensor inside a graph that is being built. */
record Value(String name, DataType type, List<Dim> shape) {
    /** Stands for an optional input that is left out: ONNX writes it as an empty name. */
    static final Value NONE = new Value("", DataType.UNDEFINED, List.of());

    Value {
        shape = List.copyOf(shape);
    }

    boolean isNone() {
        return name.isEmpty();
    }

    /** A dimension: a number, or a name for one that is known only when the graph runs. */
    sealed interface Dim {
        record Fixed(long size) implements Dim {}

        record Symbol(String name) implements Dim {}

        static Dim of(long size) {
            return new Fixed(size);
        }

        static Dim of(String name) {
            return new Symbol(name);
        }
    }
}
