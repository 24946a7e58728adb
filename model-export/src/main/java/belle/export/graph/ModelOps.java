package belle.export.graph;

import java.util.List;

/**
 * What a family's graph is made of, whoever computes it: our own operators over packed tokens ({@link BelleOps}) or ONNX's
 * over slots ({@link PortableOps}). Each method adds what is needed at {@code path} and returns its result.
 *
 * <p>Activations have a row for each token: [T, width].
 */
sealed interface ModelOps permits BelleOps, PortableOps {
    /** Rows of the embedding, or of the head when they are the same matrix: ids [T] to [T, E]. */
    Value embedding(String path, Value ids);

    /**
     * Queries, keys and values of the rank's heads, side by side: x [T, E] to [T, (H + 2 Hkv) D], plus biases where the model has
     * them.
     *
     * @param at what the tensors' names begin with
     */
    Value qkv(String path, Value x, String at);

    /**
     * Up to two products of one input, side by side, for the MLP's inner units that the rank has: x [T, E] to [T, n I].
     *
     * @param order of the inputs of quantised weights, where they have one of their own
     */
    Value units(String path, Value x, List<String> weights, String bias, String order);

    /** The last product, whose outputs are the logits: x [R, E] to [R, V], or the rank's columns of V. */
    Value logits(String path, Value x);

    /**
     * A product cut along its inputs, summed leaf by leaf and rank by rank: x [T, K] to [T, N]. Its bias belongs behind the sum.
     *
     * @param at what the tensors' names begin with
     * @param collective where the ranks meet; none where there is one rank
     */
    Value leafProduct(String path, Value x, String at, Value collective);

    /** Attention over the cache: qkv [T, (H + 2 Hkv) D] to [T, H D]; rotary or ALiBi as the model has it. */
    Value attention(String path, Value qkv, StepInputs step, int layer);

    Value layerNorm(String path, Value x, String norm, double epsilon);

    Value rmsNorm(String path, Value x, String norm, double epsilon);

    /** GELU in BLOOM's tanh form, element by element. */
    Value gelu(String path, Value x);

    /** {@code silu(gate) * up}: [T, 2 I] with the gates first, to [T, I]. */
    Value siluMul(String path, Value gateUp);

    /** {@code x + (delta + bias)}, the bias where the model has one. */
    Value residual(String path, Value x, Value delta, String bias);

    /** The rows whose logits are wanted: x [T, E], rows [R] to [R, E]. */
    Value rows(String path, Value x, Value rows);
}
