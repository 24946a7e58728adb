package belle.export.bundle;

import ai.onnxruntime.OrtException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Windows of text on two ways through a model, layer by layer: as it was, and as it becomes. */
final class HeldOut {
    /** Rows of logits that are held at a time. */
    private static final int ROWS = 32;

    private final List<List<Integer>> windows;
    private final int width;

    /** What the next layer is given for each window, on either way: [tokens, width]. */
    private List<float[]> before = List.of();

    private List<float[]> after = List.of();

    /** Perplexities of the windows, of the model as it was and as it becomes; {@code predicted} tokens each. */
    record Perplexities(double before, double after, int predicted) {
        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "perplexity of %d tokens of the text that it was not quantised by: %.4f before, %.4f after (%+.2f%%)",
                    predicted,
                    before,
                    after,
                    100 * (after / before - 1));
        }
    }

    /** Begins in front of the embedding; {@code width} is that of a hidden row. */
    HeldOut(List<List<Integer>> windows, int width) {
        this.windows = windows;
        this.width = width;
    }

    boolean isEmpty() {
        return windows.isEmpty();
    }

    /** Both ways begin with the same embedding. */
    void embed(PartRun embedding) throws OrtException {
        before = embedding.embed(windows);
        after = before;
    }

    /** Goes through a layer as it was. */
    void passBefore(PartRun layer) throws OrtException {
        before = layer.run(before);
    }

    /** Goes through a layer as it is stored. */
    void passAfter(PartRun layer) throws OrtException {
        after = layer.run(after);
    }

    /** Ends the way of the model as it was: the windows' negative log-likelihood by its final norm and head. */
    double lossBefore(PartRun head) throws OrtException {
        return loss(head, before);
    }

    /** Ends the other way. */
    double lossAfter(PartRun head) throws OrtException {
        return loss(head, after);
    }

    Perplexities perplexities(double lossBefore, double lossAfter) {
        int predicted = windows.stream().mapToInt(window -> window.size() - 1).sum();
        return new Perplexities(Math.exp(lossBefore / predicted), Math.exp(lossAfter / predicted), predicted);
    }

    private double loss(PartRun head, List<float[]> hidden) throws OrtException {
        double loss = 0;
        for (int w = 0; w < windows.size(); w++) {
            List<Integer> window = windows.get(w);
            for (int from = 0; from < window.size() - 1; from += ROWS) {
                int end = Math.min(window.size() - 1, from + ROWS);
                float[] logits = head.logits(Arrays.copyOfRange(hidden.get(w), from * width, end * width));
                int vocabulary = logits.length / (end - from);
                for (int row = from; row < end; row++) {
                    loss += negativeLog(logits, (row - from) * vocabulary, vocabulary, window.get(row + 1));
                }
            }
        }
        return loss;
    }

    /** -ln p(id) of one row of logits. */
    private static double negativeLog(float[] logits, int at, int count, int id) {
        double most = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            most = Math.max(most, logits[at + i]);
        }
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += Math.exp(logits[at + i] - most);
        }
        return most + Math.log(sum) - logits[at + id];
    }
}
