package belle.export.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import belle.export.graph.Value.Dim;
import belle.proto.Check;
import com.google.protobuf.ByteString;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Collects a graph's inputs, weights, nodes and outputs, every value with its type and shape. Knows ONNX, and nothing
 * about models. A name used twice is a bug.
 */
final class GraphBuilder {
    static final String STOCK = "";
    static final String BELLE = "belle";
    static final String MICROSOFT = "com.microsoft";

    /**
     * The operators that a graph may use, and the file format's version that goes with them.
     *
     * @param irVersion of the file format
     * @param opsets version of each domain's operator set
     */
    record Dialect(int irVersion, Map<String, Integer> opsets) {
        /** Our own operators, and the few of ONNX that need no rounding. */
        static final Dialect BELLE_OPS = new Dialect(10, Map.of(STOCK, 21, BELLE, 1));

        /** ONNX's operators, and ONNX Runtime's for quantised products. */
        static final Dialect PORTABLE = new Dialect(11, Map.of(STOCK, 24, MICROSOFT, 1));

        Dialect {
            opsets = Map.copyOf(opsets);
        }
    }

    private final Dialect dialect;
    private final GraphProto.Builder graph = GraphProto.newBuilder();
    private final Set<String> names = new HashSet<>();
    private final Map<String, ValueInfoProto> between = new LinkedHashMap<>();

    /** A graph of {@link Dialect#BELLE_OPS}. */
    GraphBuilder(String name, String description) {
        this(Dialect.BELLE_OPS, name, description);
    }

    GraphBuilder(Dialect dialect, String name, String description) {
        this.dialect = dialect;
        graph.setName(name).setDocString(description);
    }

    /** Adds a graph input. */
    Value input(String name, String description, DataType type, Dim... shape) {
        Value value = fresh(name, type, List.of(shape));
        graph.addInput(info(value).toBuilder().setDocString(description));
        return value;
    }

    /** Makes a node's result a graph output. */
    void output(Value value, String description) {
        between.remove(value.name());
        graph.addOutput(info(value).toBuilder().setDocString(description));
    }

    /** Adds a constant that lies in {@code file} at {@code [offset, offset + bytes)}. */
    Value external(String name, DataType type, List<Dim> shape, String file, long offset, long bytes) {
        Value value = fresh(name, type, shape);
        TensorProto.Builder tensor = TensorProto.newBuilder()
                .setName(name)
                .setDataType(type.getNumber())
                .setDataLocation(TensorProto.DataLocation.EXTERNAL);
        for (Dim dim : shape) {
            switch (dim) {
                case Dim.Fixed(long size) -> tensor.addDims(size);
                case Dim.Symbol(String symbol) -> throw new IllegalStateException("a constant has no size " + symbol);
            }
        }
        Map.of("location", file, "offset", Long.toString(offset), "length", Long.toString(bytes)).entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(e -> tensor.addExternalData(
                        StringStringEntryProto.newBuilder().setKey(e.getKey()).setValue(e.getValue())));
        graph.addInitializer(tensor);
        return value;
    }

    /** Adds a small constant of whole numbers, kept in the graph itself: int64 [values], or a scalar. */
    Value numbers(String name, boolean scalar, long... values) {
        Value value = fresh(name, DataType.INT64, scalar ? List.of() : List.of(Dim.of(values.length)));
        TensorProto.Builder tensor = TensorProto.newBuilder().setName(name).setDataType(DataType.INT64.getNumber());
        if (!scalar) {
            tensor.addDims(values.length);
        }
        for (long each : values) {
            tensor.addInt64Data(each);
        }
        graph.addInitializer(tensor);
        return value;
    }

    /** Adds a node with one result, called {@code resultName}. Left-out inputs at the end are not written at all. */
    Value node(
            String domain,
            String op,
            String path,
            List<Value> inputs,
            Map<String, Object> attributes,
            String resultName,
            DataType type,
            Dim... shape) {
        Value result = new Value(resultName, type, List.of(shape));
        node(domain, op, path, inputs, attributes, List.of(result));
        return result;
    }

    /** Adds a node with these results, whose names must be new. */
    void node(
            String domain,
            String op,
            String path,
            List<Value> inputs,
            Map<String, Object> attributes,
            List<Value> results) {
        NodeProto.Builder node =
                NodeProto.newBuilder().setDomain(domain).setOpType(op).setName(path);
        for (Value result : results) {
            fresh(result.name(), result.type(), result.shape());
            node.addOutput(result.name());
            between.put(result.name(), info(result));
        }
        int given = inputs.size();
        while (given > 0 && inputs.get(given - 1).isNone()) {
            given--;
        }
        inputs.subList(0, given).forEach(input -> node.addInput(input.name()));
        new TreeMap<>(attributes).forEach((name, value) -> node.addAttribute(attribute(name, value)));
        graph.addNode(node);
    }

    /** Returns the finished model. {@code metadata} is for people and for {@code inspect}: no runtime reads it. */
    ModelProto build(String producerVersion, Map<String, String> metadata) {
        ModelProto.Builder model = ModelProto.newBuilder()
                .setIrVersion(dialect.irVersion())
                .setProducerName("belle")
                .setProducerVersion(producerVersion)
                .setGraph(graph.addAllValueInfo(between.values()));
        new TreeMap<>(dialect.opsets())
                .forEach((domain, version) -> model.addOpsetImport(
                        OperatorSetIdProto.newBuilder().setDomain(domain).setVersion(version)));
        new TreeMap<>(metadata)
                .forEach((key, value) -> model.addMetadataProps(
                        StringStringEntryProto.newBuilder().setKey(key).setValue(value)));
        return model.build();
    }

    private Value fresh(String name, DataType type, List<Dim> shape) {
        Check.that(names.add(name), "the graph has two values called %s", name);
        return new Value(name, type, shape);
    }

    private static AttributeProto attribute(String name, Object value) {
        AttributeProto.Builder attribute = AttributeProto.newBuilder().setName(name);
        return switch (value) {
            case Integer i -> attribute.setType(AttributeType.INT).setI(i).build();
            case Long i -> attribute.setType(AttributeType.INT).setI(i).build();
            case Float f -> attribute.setType(AttributeType.FLOAT).setF(f).build();
            case String s ->
                attribute
                        .setType(AttributeType.STRING)
                        .setS(ByteString.copyFromUtf8(s))
                        .build();
            case List<?> list -> {
                attribute.setType(AttributeType.INTS);
                list.forEach(element -> attribute.addInts((Integer) element));
                yield attribute.build();
            }
            default -> throw new IllegalStateException("no ONNX attribute for " + value.getClass());
        };
    }

    private static ValueInfoProto info(Value value) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (Dim dim : value.shape()) {
            switch (dim) {
                case Dim.Fixed(long size) -> shape.addDimBuilder().setDimValue(size);
                case Dim.Symbol(String name) -> shape.addDimBuilder().setDimParam(name);
            }
        }
        return ValueInfoProto.newBuilder()
                .setName(value.name())
                .setType(TypeProto.newBuilder()
                        .setTensorType(TypeProto.Tensor.newBuilder()
                                .setElemType(value.type().getNumber())
                                .setShape(shape)))
                .build();
    }
}
