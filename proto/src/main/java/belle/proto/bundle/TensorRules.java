package belle.proto.bundle;

import static belle.proto.bundle.ManifestRules.require;

import belle.proto.bundle.Manifest.TensorEntry;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/** The tensors of weights.bin: exactly those the architecture has, of its shapes, aligned, in the file, apart. */
final class TensorRules {
    private TensorRules() {}

    static void check(Manifest manifest) {
        Map<String, ExpectedTensor> expected = ExpectedTensor.of(manifest.architecture(), manifest.group());
        String family = manifest.architecture().family();
        manifest.tensors().forEach((name, entry) -> {
            ExpectedTensor shape = expected.get(name);
            if (shape == null) {
                require(false, "tensors", "'%s' is no tensor of a %s model of this shape", name, family);
            } else {
                shape(manifest, "tensors." + name, entry, shape);
            }
        });
        expected.forEach((name, shape) ->
                require(!shape.required() || manifest.tensors().containsKey(name), "tensors", "'%s' is missing", name));
        places(manifest);
    }

    private static void shape(Manifest manifest, String field, TensorEntry entry, ExpectedTensor expected) {
        require(
                entry.dims().equals(expected.dims()),
                field + ".dims",
                "are %s, but the architecture asks for %s",
                entry.dims(),
                expected.dims());
        require(
                entry.layout().equals(expected.layout()),
                field + ".layout",
                "is '%s', but must be '%s'",
                entry.layout(),
                expected.layout());
        List<WeightType> types =
                expected.types(WeightType.of(manifest.weights()).orElseThrow());
        Optional<WeightType> type = WeightType.of(entry.type()).filter(types::contains);
        require(type.isPresent(), field + ".type", "is '%s', but must be %s", entry.type(), oneOf(types));
        require(
                entry.leafInputs().equals(expected.leafInputs()),
                field + ".leafInputs",
                "are %s, but must be %s",
                entry.leafInputs(),
                expected.leafInputs());
        long bytes = type.orElseThrow().bytes(entry.layout(), entry.dims(), manifest.group());
        require(entry.bytes() == bytes, field + ".bytes", "is %d, but its shape needs %d", entry.bytes(), bytes);
    }

    private static String oneOf(List<WeightType> types) {
        return types.stream().map(type -> "'" + type + "'").collect(Collectors.joining(" or "));
    }

    private static void places(Manifest manifest) {
        long fileBytes = weightsBytes(manifest);
        List<Map.Entry<String, TensorEntry>> byOffset =
                new ArrayList<>(manifest.tensors().entrySet());
        byOffset.sort(Comparator.comparingLong(e -> e.getValue().offset()));
        long end = 0;
        String before = "";
        for (Map.Entry<String, TensorEntry> each : byOffset) {
            TensorEntry entry = each.getValue();
            String field = "tensors." + each.getKey() + ".offset";
            require(
                    entry.offset() % TensorEntry.ALIGNMENT_BYTES == 0,
                    field,
                    "is %d, no multiple of %d",
                    entry.offset(),
                    TensorEntry.ALIGNMENT_BYTES);
            require(
                    entry.offset() >= end,
                    field,
                    "is %d, inside %s",
                    entry.offset(),
                    before.isEmpty() ? "no file" : before);
            // Written so that a huge offset cannot overflow the sum.
            require(
                    entry.offset() <= fileBytes - entry.bytes(),
                    field,
                    "is %d: the tensor's %d bytes end behind the file's %d",
                    entry.offset(),
                    entry.bytes(),
                    fileBytes);
            end = entry.offset() + entry.bytes();
            before = each.getKey();
        }
    }

    private static long weightsBytes(Manifest manifest) {
        return Objects.requireNonNull(manifest.files().get(Manifest.WEIGHTS_FILE))
                .bytes();
    }
}
