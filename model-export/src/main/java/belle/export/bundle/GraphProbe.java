package belle.export.bundle;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.KvType;
import belle.proto.bundle.Manifest.Architecture;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Runs a bundle's graph for one sequence: enough to see that a bundle computes, and what. Whoever opened it closes it. */
final class GraphProbe implements AutoCloseable {
    private final OneSequence sequence;
    private final int vocabulary;

    private GraphProbe(OneSequence sequence, int vocabulary) {
        this.sequence = sequence;
        this.vocabulary = vocabulary;
    }

    /**
     * Opens a session with room for {@code tokens} positions.
     *
     * @throws OrtException when the graph, its weights or its ops are refused
     */
    static GraphProbe open(Bundle bundle, int tokens, KvType cache, int threads) throws OrtException {
        Architecture a = bundle.manifest().architecture();
        return new GraphProbe(
                OneSequence.open(bundle.graph(0, 1), a, a.layers(), tokens, cache, threads), a.vocabulary());
    }

    /**
     * Runs {@code ids} behind {@code past} tokens that were run before.
     *
     * @return the logits [rows, V] behind the last {@code rows} of the ids
     */
    float[][] run(int[] ids, int past, int rows) throws OrtException {
        Map<String, OnnxTensor> inputs = sequence.step(past, ids.length);
        inputs.put("input_ids", sequence.longs(IntStream.of(ids).asLongStream().toArray()));
        inputs.put(
                "logit_rows",
                sequence.longs(LongStream.range(ids.length - rows, ids.length).toArray()));
        try (OrtSession.Result result = sequence.run(inputs)) {
            FloatBuffer logits = ((OnnxTensor) result.get(0)).getFloatBuffer();
            float[][] out = new float[rows][vocabulary];
            for (float[] row : out) {
                logits.get(row);
            }
            return out;
        }
    }

    @Override
    public void close() throws OrtException {
        sequence.close();
    }
}
