package belle.export.bundle;

import belle.export.checkpoint.ModelConfig;
import belle.proto.Check;
import belle.proto.bundle.ExpectedTensor;
import belle.proto.bundle.Manifest.Architecture;
import belle.proto.bundle.Manifest.TensorEntry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What weights.bin will hold, and where: known before a byte is read. */
record WeightPlan(List<Planned> tensors, long bytes) {
    /** One tensor: its place and how it is made. */
    record Planned(String name, TensorEntry entry, Recipe recipe) {}

    WeightPlan {
        tensors = List.copyOf(tensors);
    }

    /** Lays the model's tensors out one behind the other, matrices as {@code type} (f32 or f16), all else as f32. */
    static WeightPlan of(ModelConfig config, Architecture architecture, String type) {
        Map<String, Recipe> recipes = switch (config) {
            case ModelConfig.Bloom bloom -> BloomRecipes.of(bloom);
            case ModelConfig.Llama llama -> LlamaRecipes.of(llama);
        };
        List<Planned> tensors = new ArrayList<>();
        long end = 0;
        for (var each : ExpectedTensor.of(architecture).entrySet()) {
            ExpectedTensor expected = each.getValue();
            Recipe recipe = recipes.remove(each.getKey());
            Check.that(recipe != null || !expected.required(), "no recipe for %s", each.getKey());
            if (recipe != null) {
                long offset = aligned(end);
                TensorEntry entry = entry(expected, expected.matrix() ? type : "f32", offset);
                tensors.add(new Planned(each.getKey(), entry, recipe));
                end = offset + entry.bytes();
            }
        }
        Check.that(recipes.isEmpty(), "recipes for unknown tensors %s", recipes.keySet());
        return new WeightPlan(tensors, end);
    }

    Map<String, TensorEntry> entries() {
        Map<String, TensorEntry> entries = new LinkedHashMap<>();
        tensors.forEach(tensor -> entries.put(tensor.name(), tensor.entry()));
        return entries;
    }

    /** Bytes of all tensors, without the gaps between them. */
    long writtenBytes() {
        return tensors.stream().mapToLong(tensor -> tensor.entry().bytes()).sum();
    }

    private static TensorEntry entry(ExpectedTensor expected, String type, long offset) {
        var sized = new TensorEntry(offset, 0, type, expected.layout(), expected.dims(), expected.leafInputs());
        long bytes = sized.elements() * (type.equals("f32") ? 4 : 2);
        return new TensorEntry(offset, bytes, type, expected.layout(), expected.dims(), expected.leafInputs());
    }

    private static long aligned(long offset) {
        long unit = TensorEntry.ALIGNMENT_BYTES;
        return (offset + unit - 1) / unit * unit;
    }
}
