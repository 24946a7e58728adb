package belle.export.bundle;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import belle.export.checkpoint.Checkpoint;
import belle.export.checkpoint.Progress;
import belle.export.graph.PartGraph;
import belle.proto.bundle.KvType;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.Manifest.Architecture;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/** A part of a model on the disk and in a session, for whole sequences one after the other. Closing it deletes its folder. */
final class PartRun implements AutoCloseable {
    private static final String GRAPH = "part.onnx";

    private final Path folder;
    private final PartGraph graph;
    private final Architecture architecture;
    private final OneSequence sequence;

    private PartRun(Path folder, PartGraph graph, Architecture architecture, OneSequence sequence) {
        this.folder = folder;
        this.graph = graph;
        this.architecture = architecture;
        this.sequence = sequence;
    }

    /** Writes the part's weights and graph to {@code folder}, which is made, and opens them for sequences of at most {@code tokens}. */
    static PartRun open(
            Checkpoint checkpoint, WeightPlan plan, PartGraph graph, Architecture architecture, int tokens, Path folder)
            throws IOException, OrtException {
        Files.createDirectory(folder);
        WeightWriter.write(
                checkpoint,
                plan,
                folder.resolve(Manifest.WEIGHTS_FILE),
                new ExportMeter(Progress.NONE, plan.writtenBytes()));
        Path file = Files.write(folder.resolve(GRAPH), graph.model().toByteArray());
        int threads = Runtime.getRuntime().availableProcessors();
        return new PartRun(
                folder, graph, architecture, OneSequence.open(file, architecture, 1, tokens, KvType.F32, threads));
    }

    /** The graph's name of what each matrix is multiplied with, by the matrix's name. */
    Map<String, String> multiplied() {
        return graph.multiplied();
    }

    /** Returns the embedding's [tokens, hidden] of a sequence of ids. */
    float[] embed(List<Integer> ids) throws OrtException {
        OnnxTensor input = sequence.longs(ids.stream().mapToLong(id -> id).toArray());
        try (OrtSession.Result result = sequence.run(Map.of("input_ids", input))) {
            return floats(result, graph.output());
        }
    }

    /**
     * Runs a layer.
     *
     * @param hidden [tokens, hidden]
     * @param multiplied hears what the layer's matrices are multiplied with, by the graph's names: [tokens, inputs]
     * @return what the next layer is given
     */
    float[] run(float[] hidden, BiConsumer<String, float[]> multiplied) throws OrtException {
        int tokens = hidden.length / architecture.hidden();
        Map<String, OnnxTensor> inputs = sequence.step(0, tokens);
        inputs.put(PartGraph.HIDDEN, sequence.floats(hidden, tokens, architecture.hidden()));
        try (OrtSession.Result result = sequence.run(inputs)) {
            for (String name : graph.multiplied().values().stream().distinct().toList()) {
                multiplied.accept(name, floats(result, name));
            }
            return floats(result, graph.output());
        }
    }

    /** The same where nobody listens. */
    float[] run(float[] hidden) throws OrtException {
        return run(hidden, (_, _) -> {});
    }

    /** Returns the head's [rows, vocabulary] of {@code hidden} [rows, hidden]. */
    float[] logits(float[] hidden) throws OrtException {
        OnnxTensor input = sequence.floats(hidden, hidden.length / architecture.hidden(), architecture.hidden());
        try (OrtSession.Result result = sequence.run(Map.of(PartGraph.HIDDEN, input))) {
            return floats(result, graph.output());
        }
    }

    private static float[] floats(OrtSession.Result result, String name) {
        FloatBuffer values = ((OnnxTensor) result.get(name).orElseThrow()).getFloatBuffer();
        float[] copy = new float[values.remaining()];
        values.get(copy);
        return copy;
    }

    @Override
    public void close() throws IOException, OrtException {
        sequence.close();
        Files.delete(folder.resolve(GRAPH));
        Files.delete(folder.resolve(Manifest.WEIGHTS_FILE));
        Files.delete(folder);
    }
}
