package belle.export.checkpoint;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The few names that a saved state dict may mention, and what calling them means here: describing tensors, never
 * running anything. Every other name is refused.
 */
final class TorchGlobals {
    private static final String ORDERED_DICT = "collections.OrderedDict";
    private static final String TENSOR_V2 = "torch._utils._rebuild_tensor_v2";
    private static final String TENSOR_V3 = "torch._utils._rebuild_tensor_v3";
    private static final String PARAMETER = "torch._utils._rebuild_parameter";
    private static final long MOST_ELEMENTS = 1L << 48;
    private static final Set<String> CALLABLE = Set.of(ORDERED_DICT, TENSOR_V2, TENSOR_V3, PARAMETER);

    private static final Map<String, DType> STORAGES = Map.ofEntries(
            Map.entry("torch.DoubleStorage", DType.F64),
            Map.entry("torch.FloatStorage", DType.F32),
            Map.entry("torch.HalfStorage", DType.F16),
            Map.entry("torch.BFloat16Storage", DType.BF16),
            Map.entry("torch.LongStorage", DType.I64),
            Map.entry("torch.IntStorage", DType.I32),
            Map.entry("torch.ShortStorage", DType.I16),
            Map.entry("torch.CharStorage", DType.I8),
            Map.entry("torch.ByteStorage", DType.U8),
            Map.entry("torch.BoolStorage", DType.BOOL),
            Map.entry("torch.UntypedStorage", DType.U8),
            Map.entry("torch.storage.UntypedStorage", DType.U8));

    private static final Map<String, DType> TYPES = Map.of(
            "torch.float64", DType.F64,
            "torch.float32", DType.F32,
            "torch.float16", DType.F16,
            "torch.bfloat16", DType.BF16,
            "torch.int64", DType.I64,
            "torch.int32", DType.I32,
            "torch.uint8", DType.U8);

    private TorchGlobals() {}

    static boolean knows(String name) {
        return CALLABLE.contains(name) || STORAGES.containsKey(name) || TYPES.containsKey(name);
    }

    /** Returns what {@code callable(args)} describes; empty when the arguments are not what torch writes. */
    static Optional<Pickled> call(Pickled callable, List<Pickled> args) {
        if (!(callable instanceof Pickled.Global(var name))) {
            return Optional.empty();
        }
        return switch (name) {
            case ORDERED_DICT -> args.isEmpty() ? Optional.of(new Pickled.Dict()) : Optional.empty();
            case TENSOR_V2 -> args.size() == 6 || args.size() == 7 ? tensor(args) : Optional.empty();
            case TENSOR_V3 -> args.size() == 7 || args.size() == 8 ? tensor(typed(args)) : Optional.empty();
            case PARAMETER ->
                args.size() == 3 && args.get(0) instanceof Pickled.Tensor tensor
                        ? Optional.of(tensor)
                        : Optional.empty();
            default -> Optional.empty();
        };
    }

    /** Returns the storage that a persistent id {@code ('storage', type, key, location, elements)} names. */
    static Optional<Pickled.Storage> storage(Pickled id) {
        if (id instanceof Pickled.Tuple(var parts)
                && parts.size() == 5
                && parts.get(0).equals(new Pickled.Text("storage"))
                && parts.get(1) instanceof Pickled.Global(var name)
                && parts.get(2) instanceof Pickled.Text(var key)
                && parts.get(4) instanceof Pickled.Int(var elements)
                && elements >= 0
                && elements <= MOST_ELEMENTS) {
            return Optional.ofNullable(STORAGES.get(name)).map(type -> new Pickled.Storage(key, type, elements));
        }
        return Optional.empty();
    }

    /** {@code (storage, offset, size, stride, …)} */
    private static Optional<Pickled> tensor(List<Pickled> args) {
        Optional<List<Long>> shape = sizes(args.get(2));
        Optional<List<Long>> strides = sizes(args.get(3));
        if (args.get(0) instanceof Pickled.Storage storage
                && args.get(1) instanceof Pickled.Int(var offset)
                && offset >= 0
                && shape.isPresent()
                && strides.isPresent()
                && shape.get().size() == strides.get().size()) {
            return Optional.of(new Pickled.Tensor(storage, offset, shape.get(), strides.get()));
        }
        return Optional.empty();
    }

    /** An untyped storage counts bytes; a tensor over it brings its own type as the seventh argument. */
    private static List<Pickled> typed(List<Pickled> args) {
        List<Pickled> typed = new ArrayList<>(args);
        if (args.get(0) instanceof Pickled.Storage(var key, var bytesType, var count)
                && args.get(6) instanceof Pickled.Global(var name)) {
            DType type = TYPES.getOrDefault(name, bytesType);
            typed.set(0, new Pickled.Storage(key, type, count * bytesType.bytes() / type.bytes()));
        }
        return typed;
    }

    private static Optional<List<Long>> sizes(Pickled value) {
        if (!(value instanceof Pickled.Tuple(var items))) {
            return Optional.empty();
        }
        List<Long> sizes = new ArrayList<>();
        for (Pickled item : items) {
            if (!(item instanceof Pickled.Int(var size)) || size < 0) {
                return Optional.empty();
            }
            sizes.add(size);
        }
        return Optional.of(sizes);
    }
}
