package belle.export.graph;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import belle.export.graph.Value.Dim;

/** What every step brings: the packed tokens of B sequences, and where their keys and values are kept. */
record StepInputs(
        Value inputIds,
        Value cuSeqlens,
        Value pastLens,
        Value blockTable,
        Value kvPool,
        Value logitRows,
        Value collective) {

    /** All of them; {@code ranks} of a model that is cut meet somewhere. */
    static StepInputs addTo(GraphBuilder graph, int ranks) {
        Value ids = inputIds(graph);
        StepInputs rest = withoutIds(graph);
        Value rows = logitRows(graph);
        Value collective = ranks == 1 ? Value.NONE : collective(graph);
        return new StepInputs(ids, rest.cuSeqlens, rest.pastLens, rest.blockTable, rest.kvPool, rows, collective);
    }

    private static Value collective(GraphBuilder graph) {
        return graph.input("collective", "address, bytes, rank, ranks, number of the step", DataType.INT64, Dim.of(5));
    }

    static Value inputIds(GraphBuilder graph) {
        return graph.input("input_ids", "packed token ids", DataType.INT64, Dim.of("T"));
    }

    private static Value logitRows(GraphBuilder graph) {
        return graph.input("logit_rows", "packed rows whose logits are wanted", DataType.INT64, Dim.of("R"));
    }

    /** For a graph without layers. */
    static StepInputs onlyIds(Value ids) {
        return new StepInputs(ids, Value.NONE, Value.NONE, Value.NONE, Value.NONE, Value.NONE, Value.NONE);
    }

    /** For a graph that has its own way to the cache: ids [T] and rows alone. */
    static StepInputs flat(Value ids, Value logitRows) {
        return new StepInputs(ids, Value.NONE, Value.NONE, Value.NONE, Value.NONE, logitRows, Value.NONE);
    }

    /** For a graph that begins behind the embedding and ends before the head. */
    static StepInputs withoutIds(GraphBuilder graph) {
        return new StepInputs(
                Value.NONE,
                graph.input("cu_seqlens", "where each sequence begins, and T", DataType.INT32, Dim.of("B + 1")),
                graph.input("past_lens", "tokens of each sequence in the cache", DataType.INT32, Dim.of("B")),
                graph.input(
                        "block_table",
                        "cache blocks of each sequence; -1 behind the last",
                        DataType.INT32,
                        Dim.of("B"),
                        Dim.of("blocks")),
                graph.input(
                        "kv_pool",
                        "address, bytes, layers, blocks, tokens a block, bits an element; changed in place",
                        DataType.INT64,
                        Dim.of(6)),
                Value.NONE,
                Value.NONE);
    }
}
