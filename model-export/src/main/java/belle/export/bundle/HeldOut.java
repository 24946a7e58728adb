package belle.export.bundle;

import ai.onnxruntime.OrtException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Windows of text by which a model is measured: as it was, and as it becomes. */
final class HeldOut {
    /** Rows of logits that are held at a time. */
    private static final int ROWS = 32;

    private final List<List<Integer>> windows;
    private final int width;

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

    /** {@code width} is that of a hidden row. */
    HeldOut(List<List<Integer>> windows, int width) {
        this.windows = windows;
        this.width = width;
    }

    boolean isEmpty() {
        return windows.isEmpty();
    }

    /** What a model's final norm and head are given for a window: [tokens, width]. */
    interface Hidden {
        float[] of(int window) throws IOException;
    }

    Perplexities perplexities(double lossBefore, double lossAfter) {
        int predicted = windows.stream().mapToInt(window -> window.size() - 1).sum();
        return new Perplexities(Math.exp(lossBefore / predicted), Math.exp(lossAfter / predicted), predicted);
    }

    /** The windows' negative log-likelihood. */
    double loss(PartRun head, Hidden hidden) throws IOException, OrtException {
        double loss = 0;
        for (int w = 0; w < windows.size(); w++) {
            List<Integer> window = windows.get(w);
            float[] states = hidden.of(w);
            for (int from = 0; from < window.size() - 1; from += ROWS) {
                int end = Math.min(window.size() - 1, from + ROWS);
                float[] logits = head.logits(Arrays.copyOfRange(states, from * width, end * width));
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
