package belle.export.bundle;

import java.util.List;

/**
 * Text whose activations say which weights matter when a model is quantised.
 *
 * @param sequences token ids, each sequence by itself; at most the model's context
 * @param byActivation whether the inputs with the largest activations are quantised first, and grouped with their like
 */
public record Calibration(List<List<Integer>> sequences, boolean byActivation) {
    public Calibration {
        sequences = sequences.stream().map(List::copyOf).toList();
    }

    /** Returns the ids of all sequences together. */
    public long tokens() {
        return sequences.stream().mapToLong(List::size).sum();
    }
}
