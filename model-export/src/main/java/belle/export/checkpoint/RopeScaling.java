package belle.export.checkpoint;

/** How rotary frequencies are stretched beyond the length that a model was first trained on. */
public sealed interface RopeScaling {
    /** Plain rotary embedding. */
    record None() implements RopeScaling {}

    /** Positions are divided by {@code factor}. */
    record Linear(double factor) implements RopeScaling {}

    /** The base grows with the length once it exceeds {@code originalTokens} ("NTK by parts of the length"). */
    record Dynamic(double factor, int originalTokens) implements RopeScaling {}

    /** LLaMA 3.1: long waves are divided by {@code factor}, short ones kept, those between interpolated. */
    record Llama3(double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalTokens)
            implements RopeScaling {}
}
