package belle.export.graph;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import belle.export.graph.PortableTensor.Format;
import belle.export.graph.Value.Dim;
import belle.proto.Check;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.Manifest.TensorEntry;
import belle.proto.bundle.WeightType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Lays out portable.bin as a graph asks for its weights, and gives the graph references to them. */
final class PortableWeights {
    private final GraphBuilder graph;
    private final Map<String, TensorEntry> tensors;
    private final Set<String> wide;
    private final int group;
    private final Map<String, Value> loaded = new LinkedHashMap<>();
    private final List<PortableTensor> placed = new ArrayList<>();
    private long end;

    /**
     * Weights for {@code graph}.
     *
     * @param tensors of weights.bin
     * @param wide matrices of 4 bits with zeros that 4 bits cannot hold: they get codes of 8 bits
     * @param group inputs that share a scale in quantised weights, else 0
     */
    PortableWeights(GraphBuilder graph, Map<String, TensorEntry> tensors, Set<String> wide, int group) {
        this.graph = graph;
        this.tensors = Map.copyOf(tensors);
        this.wide = Set.copyOf(wide);
        this.group = group;
    }

    /** The tensors so far, in the order of their places. */
    List<PortableTensor> placed() {
        return List.copyOf(placed);
    }

    boolean has(String tensor) {
        return tensors.containsKey(tensor);
    }

    boolean isQuantised(String matrix) {
        return type(matrix).isQuantised();
    }

    /** [N, K] of matrices whose rows follow one another. */
    int outputs(List<String> matrices) {
        return matrices.stream().mapToInt(name -> entry(name).dims().getFirst()).sum();
    }

    int inputs(List<String> matrices) {
        return entry(matrices.getFirst()).dims().getLast();
    }

    /** Bits of a quantised product's codes: the most that one of its matrices needs. */
    int bits(List<String> matrices) {
        boolean all4 = matrices.stream().allMatch(name -> type(name) == WeightType.Q4 && !wide.contains(name));
        return all4 ? 4 : 8;
    }

    /** A vector, a table or matrices below one another, as numbers of {@code type}. */
    Value dense(String name, List<String> sources, DataType type) {
        List<Dim> dims = new ArrayList<>();
        dims.add(Dim.of(outputs(sources)));
        if (entry(sources.getFirst()).dims().size() == 2) {
            dims.add(Dim.of(inputs(sources)));
        }
        Format format = switch (type) {
            case FLOAT -> Format.F32;
            case FLOAT16 -> Format.F16;
            case INT32 -> Format.I32;
            default -> throw new IllegalStateException("no weights of " + type);
        };
        return place(name, format, sources, type, dims);
    }

    /** A tensor under its own name. */
    Value dense(String tensor, DataType type) {
        return dense(tensor, List.of(tensor), type);
    }

    /** Codes of quantised matrices: uint8 [N, groups, bytes of a group]. */
    Value codes(String name, List<String> matrices) {
        int bits = bits(matrices);
        List<Dim> dims =
                List.of(Dim.of(outputs(matrices)), Dim.of(groups(matrices)), Dim.of((long) group * bits / Byte.SIZE));
        return place(name + ".codes", bits == 4 ? Format.CODES_4 : Format.CODES_8, matrices, DataType.UINT8, dims);
    }

    /** Scales of quantised matrices: [N, groups]. */
    Value scales(String name, List<String> matrices, DataType type) {
        Format format = type == DataType.FLOAT ? Format.SCALES_F32 : Format.SCALES_F16;
        List<Dim> dims = List.of(Dim.of(outputs(matrices)), Dim.of(groups(matrices)));
        return place(name + ".scales", format, matrices, type, dims);
    }

    /** Zeros of quantised matrices: uint8 [N, bytes of a row]. */
    Value zeros(String name, List<String> matrices) {
        int bits = bits(matrices);
        List<Dim> dims =
                List.of(Dim.of(outputs(matrices)), Dim.of(Math.ceilDiv((long) groups(matrices) * bits, Byte.SIZE)));
        return place(name + ".zeros", bits == 4 ? Format.ZEROS_4 : Format.ZEROS_8, matrices, DataType.UINT8, dims);
    }

    private int groups(List<String> matrices) {
        return Math.ceilDiv(inputs(matrices), group);
    }

    private Value place(String name, Format format, List<String> sources, DataType type, List<Dim> dims) {
        Value known = loaded.get(name);
        if (known != null) {
            Check.that(known.type() == type, "%s is wanted as %s and as %s", name, known.type(), type);
            return known;
        }
        long bytes = elementBytes(type);
        for (Dim dim : dims) {
            bytes *= ((Dim.Fixed) dim).size();
        }
        long unit = TensorEntry.ALIGNMENT_BYTES;
        long offset = Math.ceilDiv(end, unit) * unit;
        end = offset + bytes;
        placed.add(new PortableTensor(name, format, sources, offset, bytes));
        Value value = graph.external(name, type, dims, Manifest.PORTABLE_WEIGHTS_FILE, offset, bytes);
        loaded.put(name, value);
        return value;
    }

    private static long elementBytes(DataType type) {
        return switch (type) {
            case UINT8 -> 1;
            case FLOAT16 -> 2;
            default -> 4;
        };
    }

    private WeightType type(String tensor) {
        return WeightType.of(entry(tensor).type()).orElseThrow();
    }

    private TensorEntry entry(String tensor) {
        return Objects.requireNonNull(tensors.get(tensor), () -> "the plan has no tensor " + tensor);
    }
}
