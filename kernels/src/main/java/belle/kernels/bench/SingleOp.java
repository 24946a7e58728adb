package belle.kernels.bench;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import belle.kernels.Kernels;
import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A model of one custom op, all of whose inputs are inputs of the run. Tensors over direct buffers are read in place, so
 * weights may be handed in like anything else. Closed by whoever opened it.
 */
public final class SingleOp implements AutoCloseable {
    private final OrtSession.SessionOptions options;
    private final OrtSession session;

    private SingleOp(OrtSession.SessionOptions options, OrtSession session) {
        this.options = options;
        this.session = session;
    }

    /** A node of domain "belle" under construction. Inputs are named i0, i1, ... in order. */
    public static Builder of(String op) {
        return new Builder(op);
    }

    /** Runs the op; an input that is left out of the node is null here. The caller closes the result. */
    public OrtSession.Result run(List<@Nullable OnnxTensor> inputs) throws OrtException {
        return session.run(named(inputs));
    }

    /** Runs the op into {@code output}, which must have the result's shape. */
    public void runInto(List<@Nullable OnnxTensor> inputs, OnnxTensor output) throws OrtException {
        session.run(named(inputs), Map.of("y", output)).close();
    }

    private static Map<String, OnnxTensor> named(List<@Nullable OnnxTensor> inputs) {
        Map<String, OnnxTensor> byName = new HashMap<>();
        for (int i = 0; i < inputs.size(); i++) {
            OnnxTensor tensor = inputs.get(i);
            if (tensor != null) {
                byName.put("i" + i, tensor);
            }
        }
        return byName;
    }

    @Override
    public void close() throws OrtException {
        session.close();
        options.close();
    }

    /** Collects a node's inputs and attributes. */
    public static final class Builder {
        private final NodeProto.Builder node = NodeProto.newBuilder();
        private final List<ValueInfoProto> inputs = new ArrayList<>();

        private Builder(String op) {
            node.setOpType(op).setDomain("belle").setName("/" + op).addOutput("y");
        }

        /** The next input, of any shape with {@code rank} dimensions. */
        public Builder input(OnnxJavaType type, int rank) {
            String name = "i" + node.getInputCount();
            node.addInput(name);
            inputs.add(value(name, elementType(type), rank));
            return this;
        }

        /** The next input is left out. */
        public Builder missing() {
            node.addInput("");
            return this;
        }

        public Builder attribute(String name, long value) {
            node.addAttribute(AttributeProto.newBuilder()
                    .setName(name)
                    .setType(AttributeProto.AttributeType.INT)
                    .setI(value));
            return this;
        }

        public Builder attribute(String name, long[] values) {
            AttributeProto.Builder attribute =
                    AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
            for (long value : values) {
                attribute.addInts(value);
            }
            node.addAttribute(attribute);
            return this;
        }

        public Builder attribute(String name, float value) {
            node.addAttribute(AttributeProto.newBuilder()
                    .setName(name)
                    .setType(AttributeProto.AttributeType.FLOAT)
                    .setF(value));
            return this;
        }

        public Builder attribute(String name, String value) {
            node.addAttribute(AttributeProto.newBuilder()
                    .setName(name)
                    .setType(AttributeProto.AttributeType.STRING)
                    .setS(ByteString.copyFromUtf8(value)));
            return this;
        }

        /** Opens a session whose ops use {@code threads} threads. */
        public SingleOp open(int threads) throws OrtException {
            ModelProto model = ModelProto.newBuilder()
                    .setIrVersion(10)
                    .addOpsetImport(
                            OperatorSetIdProto.newBuilder().setDomain("").setVersion(21))
                    .addOpsetImport(
                            OperatorSetIdProto.newBuilder().setDomain("belle").setVersion(1))
                    .setGraph(GraphProto.newBuilder()
                            .setName("single")
                            .addNode(node)
                            .addAllInput(inputs)
                            .addOutput(value("y", TensorProto.DataType.FLOAT, 2)))
                    .build();
            OrtSession.SessionOptions options = Kernels.options(threads);
            try {
                return new SingleOp(
                        options, OrtEnvironment.getEnvironment().createSession(model.toByteArray(), options));
            } catch (OrtException e) {
                options.close();
                throw e;
            }
        }

        private static TensorProto.DataType elementType(OnnxJavaType type) {
            return switch (type) {
                case FLOAT -> TensorProto.DataType.FLOAT;
                case FLOAT16 -> TensorProto.DataType.FLOAT16;
                case DOUBLE -> TensorProto.DataType.DOUBLE;
                case INT32 -> TensorProto.DataType.INT32;
                case INT64 -> TensorProto.DataType.INT64;
                case INT8 -> TensorProto.DataType.INT8;
                case INT16 -> TensorProto.DataType.INT16;
                case UINT8 -> TensorProto.DataType.UINT8;
                case BOOL -> TensorProto.DataType.BOOL;
                case BFLOAT16 -> TensorProto.DataType.BFLOAT16;
                case STRING -> TensorProto.DataType.STRING;
                case UNKNOWN -> TensorProto.DataType.UNDEFINED;
            };
        }

        private static ValueInfoProto value(String name, TensorProto.DataType type, int rank) {
            TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
            for (int i = 0; i < rank; i++) {
                shape.addDimBuilder().setDimParam(name + "d" + i);
            }
            return ValueInfoProto.newBuilder()
                    .setName(name)
                    .setType(TypeProto.newBuilder()
                            .setTensorType(TypeProto.Tensor.newBuilder()
                                    .setElemType(type.getNumber())
                                    .setShape(shape)))
                    .build();
        }
    }
}
