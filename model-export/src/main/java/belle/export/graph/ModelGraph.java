package belle.export.graph;

/** A family's graph, as a whole or in parts. */
sealed interface ModelGraph permits BloomGraph, LlamaGraph {
    /** The whole model: logits [R, V] of the wanted rows. */
    Value logits();

    /** What the first layer is given for {@code input_ids}: [T, E]. */
    Value embedded();

    /** One layer, whose keys and values are layer {@code cacheLayer} of the cache: x [T, E] to [T, E]. */
    Value layer(int layer, int cacheLayer, Value x);

    /** Final norm and head of what the last layer gave: x [R, E] to logits [R, V]. */
    Value head(Value x);
}
