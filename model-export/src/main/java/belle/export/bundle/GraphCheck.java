package belle.export.bundle;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import belle.export.graph.RankGraph;
import belle.proto.FailureException;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.Manifest.TensorEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The rules of ONNX that a graph must keep, without the runtime: known domains, every value made once and before it is
 * used, and weights that are exactly the manifest's.
 */
final class GraphCheck {
    /** Of a constant that is kept in a graph. */
    private static final int MOST_NUMBERS = 8;

    private final String file;
    private final ModelProto model;
    private final Map<String, TensorEntry> tensors;
    private final Set<String> values = new HashSet<>();

    private GraphCheck(String file, ModelProto model, Map<String, TensorEntry> tensors) {
        this.file = file;
        this.model = model;
        this.tensors = tensors;
    }

    /** Throws {@link FailureException} with a Broken naming the file and the node or tensor. */
    static void check(Bundle bundle, String file) {
        ModelProto model = read(bundle, file);
        GraphCheck check = new GraphCheck(file, model, bundle.manifest().tensors());
        GraphProto graph = model.getGraph();
        graph.getInitializerList().forEach(check::weight);
        check.nodes();
        check.require(
                graph.getOutputCount() == 1, "output", "has " + graph.getOutputCount() + " outputs in place of 1");
    }

    /** The same for the portable graph, whose weights lie in a file of their own, and which gives its caches back. */
    static void checkPortable(Bundle bundle) {
        ModelProto model = read(bundle, Manifest.PORTABLE_GRAPH_FILE);
        GraphCheck check = new GraphCheck(Manifest.PORTABLE_GRAPH_FILE, model, Map.of());
        GraphProto graph = model.getGraph();
        long bytes = Objects.requireNonNull(bundle.manifest().files().get(Manifest.PORTABLE_WEIGHTS_FILE))
                .bytes();
        graph.getInitializerList().forEach(tensor -> check.portableWeight(tensor, bytes));
        check.nodes();
        int outputs = 1 + 2 * bundle.manifest().architecture().layers();
        check.require(
                graph.getOutputCount() == outputs,
                "output",
                "has " + graph.getOutputCount() + " outputs in place of " + outputs);
    }

    private static ModelProto read(Bundle bundle, String file) {
        try {
            return ModelProto.parseFrom(Files.readAllBytes(bundle.file(file)));
        } catch (IOException e) {
            throw Verifier.broken(file, "model", "is no ONNX model: " + e.getMessage());
        }
    }

    private void nodes() {
        GraphProto graph = model.getGraph();
        Set<String> domains = model.getOpsetImportList().stream()
                .map(OperatorSetIdProto::getDomain)
                .collect(Collectors.toSet());
        graph.getInputList().forEach(input -> made(input.getName()));
        for (NodeProto node : graph.getNodeList()) {
            require(
                    domains.contains(node.getDomain()),
                    node.getName(),
                    "is of domain '" + node.getDomain() + "', which has no opset");
            for (String input : node.getInputList()) {
                require(
                        input.isEmpty() || values.contains(input),
                        node.getName(),
                        "uses '" + input + "', which nothing made before");
            }
            node.getOutputList().forEach(this::made);
        }
        String logits = graph.getOutput(0).getName();
        require(logits.equals("logits") && values.contains(logits), "output", "'" + logits + "' is not made logits");
    }

    private void weight(TensorProto tensor) {
        String name = tensor.getName();
        made(name);
        require(
                tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL
                        && external(tensor, "location").equals(Optional.of(Manifest.WEIGHTS_FILE)),
                name,
                "does not lie in " + Manifest.WEIGHTS_FILE);
        boolean whole = !name.endsWith(RankGraph.PART);
        TensorEntry entry = tensors.get(whole ? name : name.substring(0, name.length() - RankGraph.PART.length()));
        if (entry == null) {
            throw Verifier.broken(file, name, "is not in the manifest");
        }
        long offset = number(tensor, "offset");
        long length = number(tensor, "length");
        require(
                whole
                        ? offset == entry.offset() && length == entry.bytes()
                        : offset >= entry.offset() && length > 0 && length <= entry.offset() + entry.bytes() - offset,
                name,
                "lies elsewhere in the graph than in the manifest");
    }

    /** A number of a tensor's place; -1 where there is none. */
    static long number(TensorProto tensor, String key) {
        try {
            return external(tensor, key).map(Long::parseLong).orElse(-1L);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    /** Small constants are in the graph itself; everything else lies in the file. */
    private void portableWeight(TensorProto tensor, long fileBytes) {
        String name = tensor.getName();
        made(name);
        if (tensor.getDataLocation() != TensorProto.DataLocation.EXTERNAL) {
            require(tensor.getInt64DataCount() <= MOST_NUMBERS, name, "lies in the graph");
            return;
        }
        require(
                external(tensor, "location").equals(Optional.of(Manifest.PORTABLE_WEIGHTS_FILE)),
                name,
                "does not lie in " + Manifest.PORTABLE_WEIGHTS_FILE);
        long offset = number(tensor, "offset");
        long length = number(tensor, "length");
        require(
                offset >= 0 && length >= 0 && offset <= fileBytes - length,
                name,
                "lies outside of " + Manifest.PORTABLE_WEIGHTS_FILE);
    }

    private static Optional<String> external(TensorProto tensor, String key) {
        return tensor.getExternalDataList().stream()
                .filter(entry -> entry.getKey().equals(key))
                .map(StringStringEntryProto::getValue)
                .findFirst();
    }

    private void made(String value) {
        require(values.add(value), value, "is made twice");
    }

    private void require(boolean holds, String field, String problem) {
        if (!holds) {
            throw Verifier.broken(file, field, problem);
        }
    }
}
