package belle.export.checkpoint;

/**
 * The mathematics of a checkpoint, from its {@code config.json}: everything that the graph depends on, range-checked.
 * Counts are elements, positions or rows.
 */
public sealed interface ModelConfig {
    /** Width of the residual stream. */
    int hidden();

    /** Width between the MLP's two halves. */
    int intermediate();

    int layers();

    int heads();

    /** Key/value heads; divides {@link #heads}. */
    int kvHeads();

    /** Elements of one head: a multiple of 8, at most 256. */
    int headDim();

    /** Rows of the embedding and of the head. */
    int vocabulary();

    /** Most positions of one sequence. */
    int contextTokens();

    /** Epsilon of every norm. */
    double normEpsilon();

    /** Whether the embedding is the head too. */
    boolean tiedHead();

    /**
     * BloomForCausalLM: ALiBi, LayerNorm, GELU, all biases, query, key and value fused.
     *
     * @param residualAfterNorm {@code apply_residual_connection_post_layernorm}: residuals start behind the norms
     */
    record Bloom(
            int hidden,
            int layers,
            int heads,
            int vocabulary,
            int contextTokens,
            double normEpsilon,
            boolean tiedHead,
            boolean residualAfterNorm)
            implements ModelConfig {
        @Override
        public int intermediate() {
            return Math.multiplyExact(4, hidden);
        }

        @Override
        public int kvHeads() {
            return heads;
        }

        @Override
        public int headDim() {
            return hidden / heads;
        }
    }

    /**
     * LlamaForCausalLM: rotary embedding, RMSNorm, gated SiLU.
     *
     * @param attentionBias biases on the query, key, value and output projections
     * @param mlpBias biases on the three MLP projections
     */
    record Llama(
            int hidden,
            int intermediate,
            int layers,
            int heads,
            int kvHeads,
            int headDim,
            int vocabulary,
            int contextTokens,
            double normEpsilon,
            double ropeTheta,
            RopeScaling ropeScaling,
            boolean tiedHead,
            boolean attentionBias,
            boolean mlpBias)
            implements ModelConfig {}
}
