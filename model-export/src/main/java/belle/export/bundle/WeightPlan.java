package belle.export.bundle;

import belle.export.checkpoint.Checkpoint;
import belle.export.checkpoint.ModelConfig;
import belle.proto.Check;
import belle.proto.bundle.ExpectedTensor;
import belle.proto.bundle.ExpectedTensor.Kind;
import belle.proto.bundle.Manifest.Architecture;
import belle.proto.bundle.Manifest.TensorEntry;
import belle.proto.bundle.WeightType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** What weights.bin will hold, and where: known before a weight is read. */
record WeightPlan(Storage storage, List<Planned> tensors, long bytes) {
    private static final String LAYER = "layers.";

    /** One tensor: its place and how it is made. */
    record Planned(String name, TensorEntry entry, Recipe recipe) {
        /** The layer that the tensor is of; -1 where it is of none. */
        int layer() {
            return WeightPlan.layer(name);
        }
    }

    WeightPlan {
        tensors = List.copyOf(tensors);
    }

    /**
     * Lays the model's tensors out one behind the other, as {@code options} and the checkpoint's own types ask for.
     *
     * @param plain how matrices are stored where nothing is asked for and nothing is quantised
     */
    static WeightPlan of(
            Checkpoint checkpoint,
            Architecture architecture,
            ExportOptions options,
            WeightType plain,
            Optional<CalibratedLayers> calibrated) {
        Map<String, Recipe> recipes = recipes(checkpoint.config());
        Storage storage = Storage.of(checkpoint, products(recipes, architecture), options, plain, calibrated);
        storage.orders().forEach((name, matrix) -> recipes.put(name, new Recipe.Order(matrix)));
        WeightPlan plan = laidOut(recipes, architecture, storage, _ -> true);
        calibrated.ifPresent(layers -> layers.plannedAs(plan));
        return plan;
    }

    /** The layer that tensor {@code name} is of; -1 where it is of none. */
    static int layer(String name) {
        return name.startsWith(LAYER)
                ? Integer.parseInt(name.substring(LAYER.length(), name.indexOf('.', LAYER.length())))
                : -1;
    }

    /** Lays out only some tensors, plainly or with the given matrices quantised: a part of a model. */
    static WeightPlan part(ModelConfig config, Architecture architecture, Storage storage, Predicate<String> wanted) {
        Map<String, Recipe> recipes = recipes(config);
        storage.orders().forEach((name, matrix) -> recipes.put(name, new Recipe.Order(matrix)));
        return laidOut(recipes, architecture, storage, wanted);
    }

    private static Map<String, Recipe> recipes(ModelConfig config) {
        return switch (config) {
            case ModelConfig.Bloom bloom -> BloomRecipes.of(bloom);
            case ModelConfig.Llama llama -> LlamaRecipes.of(llama);
        };
    }

    /** Returns the checkpoint's tensor behind each matrix that something is multiplied with. */
    private static Map<String, String> products(Map<String, Recipe> recipes, Architecture architecture) {
        Map<String, String> products = new LinkedHashMap<>();
        ExpectedTensor.of(architecture, 0).forEach((name, expected) -> {
            boolean multiplied = expected.kind() == Kind.LAYER || expected.kind() == Kind.HEAD;
            if (multiplied && recipes.get(name) instanceof Recipe.Taken(var parts)) {
                products.put(name, parts.getFirst().tensor());
            }
        });
        return products;
    }

    private static WeightPlan laidOut(
            Map<String, Recipe> recipes, Architecture architecture, Storage storage, Predicate<String> wanted) {
        List<Planned> tensors = new ArrayList<>();
        long end = 0;
        for (var each : ExpectedTensor.of(architecture, storage.group()).entrySet()) {
            ExpectedTensor expected = each.getValue();
            Recipe recipe = recipes.remove(each.getKey());
            Check.that(recipe != null || !expected.required(), "no recipe for %s", each.getKey());
            if (recipe != null && wanted.test(each.getKey())) {
                long offset = aligned(end);
                Storage.Matrix matrix = storage.matrices().get(each.getKey());
                WeightType type = matrix != null
                        ? matrix.type()
                        : expected.types(storage.weights()).getFirst();
                TensorEntry entry = new TensorEntry(
                        offset,
                        type.bytes(expected.layout(), expected.dims(), storage.group()),
                        type.label(),
                        expected.layout(),
                        expected.dims(),
                        expected.leafInputs());
                tensors.add(new Planned(each.getKey(), entry, recipe));
                end = offset + entry.bytes();
            }
        }
        Check.that(recipes.isEmpty(), "recipes for unknown tensors %s", recipes.keySet());
        return new WeightPlan(storage, tensors, end);
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

    private static long aligned(long offset) {
        long unit = TensorEntry.ALIGNMENT_BYTES;
        return (offset + unit - 1) / unit * unit;
    }
}
