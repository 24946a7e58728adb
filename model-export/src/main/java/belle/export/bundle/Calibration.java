package belle.export.bundle;

import java.util.List;

/**
 * Text whose activations say which weights matter when a model is quantised.
 *
 * @param sequences token ids, each sequence by itself; at most the model's context
 * @param heldOut more of the text, by which the model is measured before and after; each of at least two tokens
 * @param byActivation whether the inputs with the largest activations are quantised first, and grouped with their like
 */
public record Calibration(List<List<Integer>> sequences, List<List<Integer>> heldOut, boolean byActivation) {
    public Calibration {
        sequences = sequences.stream().map(List::copyOf).toList();
        heldOut = heldOut.stream().map(List::copyOf).toList();
    }

    /** Returns how many ids the model is quantised by. */
    public long tokens() {
        return sequences.stream().mapToLong(List::size).sum();
    }
}
