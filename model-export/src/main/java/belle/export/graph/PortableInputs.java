package belle.export.graph;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import belle.export.graph.Value.Dim;
import belle.proto.bundle.Manifest.Architecture;
import java.util.ArrayList;
import java.util.List;

/**
 * What a run of the portable graph brings: S tokens of each of B slots that lie side by side, and these slots' caches.
 *
 * @param positions of the tokens: int64 [B, S]
 * @param writeAt where in its slot each first token's keys and values go: int64 [B]
 * @param kvLens how much of each slot is valid then, the new tokens included: int64 [B]
 * @param keys of each layer: [B, Hkv, P, D]
 * @param values of each layer, the same
 */
record PortableInputs(
        Value inputIds,
        Value positions,
        Value writeAt,
        Value kvLens,
        Value logitRows,
        List<Value> keys,
        List<Value> values) {
    private static final Dim SLOTS = Dim.of("B");
    private static final Dim TOKENS = Dim.of("S");

    PortableInputs {
        keys = List.copyOf(keys);
        values = List.copyOf(values);
    }

    /** Names of a layer's caches as inputs; as outputs they have {@code .out} behind. */
    static String key(int layer) {
        return "key." + layer;
    }

    static String value(int layer) {
        return "value." + layer;
    }

    static PortableInputs addTo(GraphBuilder graph, Architecture architecture, DataType cache) {
        Dim[] slot = {SLOTS, Dim.of(architecture.kvHeads()), Dim.of("P"), Dim.of(architecture.headDim())};
        List<Value> keys = new ArrayList<>();
        List<Value> values = new ArrayList<>();
        Value ids = graph.input("input_ids", "token ids", DataType.INT64, SLOTS, TOKENS);
        Value positions = graph.input("positions", "the tokens' positions", DataType.INT64, SLOTS, TOKENS);
        Value writeAt = graph.input("write_at", "place of each slot's first new token", DataType.INT64, SLOTS);
        Value kvLens = graph.input("kv_lens", "valid places of each slot", DataType.INT64, SLOTS);
        Value rows = graph.input("logit_rows", "rows of B x S whose logits are wanted", DataType.INT64, Dim.of("R"));
        for (int layer = 0; layer < architecture.layers(); layer++) {
            keys.add(graph.input(key(layer), "keys of layer " + layer, cache, slot));
            values.add(graph.input(value(layer), "values of layer " + layer, cache, slot));
        }
        return new PortableInputs(ids, positions, writeAt, kvLens, rows, keys, values);
    }
}
