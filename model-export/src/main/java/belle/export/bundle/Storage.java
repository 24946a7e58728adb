package belle.export.bundle;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import belle.export.checkpoint.Checkpoint;
import belle.export.checkpoint.QuantisedForm;
import belle.export.checkpoint.QuantisedTensor;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.bundle.WeightType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * How a bundle stores its matrices: what the file quantised keeps its codes, zeros and scales where they fit; other matrices
 * of a quantised bundle are rounded to nearest.
 *
 * @param group inputs that share a scale, or 0
 * @param matrices the quantised matrices of the bundle, by name
 * @param requantised how many of them the file had quantised in another way
 */
record Storage(WeightType weights, int group, Map<String, Matrix> matrices, long requantised) {
    private static final int DEFAULT_GROUP = 128;
    /** That of most types of GGUF. */
    private static final int SMALL_GROUP = 32;

    /** A quantised matrix: its type in the bundle and what it is read from. */
    record Matrix(WeightType type, QuantisedTensor source) {}

    Storage {
        matrices = Map.copyOf(matrices);
    }

    /**
     * Decides.
     *
     * @param products the checkpoint's tensor that each matrix of the layers, and the head, is made from
     * @param asked what was asked for; if nothing, what the checkpoint has
     * @param plain how matrices are stored where nothing is asked for and nothing is quantised
     * @param calibrated quantises what the file does not keep; if there is none, it is rounded to nearest
     * @throws FailureException when plain weights are to have a group, a head of their own or a calibration
     */
    static Storage of(
            Checkpoint checkpoint,
            Map<String, String> products,
            ExportOptions asked,
            WeightType plain,
            Optional<CalibratedLayers> calibrated) {
        List<Layer> all = new ArrayList<>();
        products.forEach((name, from) -> all.add(new Layer(name, from, checkpoint.quantised(from))));
        Layer head = all.removeLast();
        List<QuantisedTensor> stored =
                all.stream().flatMap(layer -> layer.stored().stream()).toList();
        boolean quantised = all.stream().anyMatch(layer -> checkpoint.isQuantised(layer.from()));
        WeightType weights = asked.weights().orElseGet(() -> quantised ? narrowest(stored) : plain);
        if (weights.isQuantised()) {
            int group = asked.group().orElseGet(() -> quantised ? fittingGroup(stored) : DEFAULT_GROUP);
            var choice = new Choice(checkpoint, weights, group, asked.weights().isPresent(), calibrated);
            boolean narrowHead = asked.head().filter(WeightType.Q8::equals).isPresent();
            return narrowHead ? choice.of(all).with(head.name(), choice.head(head)) : choice.of(all);
        }
        asked.head().ifPresent(type -> refuse("head", "head " + type, weights));
        asked.group().ifPresent(group -> refuse("group", "group " + group, weights));
        calibrated.ifPresent(_ -> refuse("calibration", "a calibration", weights));
        return plain(weights);
    }

    private static void refuse(String field, String what, WeightType weights) {
        throw new FailureException(
                new Failure.Invalid(field, what + " is for quantised weights, but these are " + weights));
    }

    /** Plain numbers. */
    static Storage plain(WeightType weights) {
        return new Storage(weights, 0, Map.of(), 0);
    }

    private Storage with(String name, Matrix matrix) {
        Map<String, Matrix> more = new LinkedHashMap<>(matrices);
        more.put(name, matrix);
        return new Storage(weights, group, more, requantised);
    }

    /** The orders of inputs that the bundle must hold, by tensor name, and whose they are. */
    Map<String, QuantisedTensor> orders() {
        Map<String, QuantisedTensor> orders = new LinkedHashMap<>();
        matrices.forEach((name, matrix) -> {
            if (matrix.source().isOrdered()) {
                orders.put(product(name).replaceFirst("\\.weight$", "") + ".order", matrix.source());
            }
        });
        return orders;
    }

    /** Matrices that share an input are multiplied in one go: they have one type and one order of inputs. */
    private static String product(String name) {
        return name.replaceFirst("attention\\.[qkv]\\.weight$", "attention.qkv")
                .replaceFirst("mlp\\.(gate|up)\\.weight$", "mlp.up");
    }

    private static WeightType narrowest(List<QuantisedTensor> stored) {
        return stored.stream().anyMatch(tensor -> tensor.form().bits() == WeightType.Q4.bits())
                ? WeightType.Q4
                : WeightType.Q8;
    }

    /** The largest that divides all stored ones: then each matrix keeps its scales. What is rounded again has small ones. */
    private static int fittingGroup(List<QuantisedTensor> stored) {
        return stored.isEmpty()
                ? SMALL_GROUP
                : WeightType.GROUPS.stream()
                        .sorted(Comparator.reverseOrder())
                        .filter(group -> stored.stream().allMatch(tensor -> divides(group, tensor)))
                        .findFirst()
                        .orElse(DEFAULT_GROUP);
    }

    private static boolean divides(int group, QuantisedTensor tensor) {
        return tensor.form().group() % group == 0 || tensor.form().groups() == 1;
    }

    /** A matrix of the bundle, and the tensor that it is made from. The head is the last of all. */
    private record Layer(String name, String from, Optional<QuantisedTensor> stored) {}

    /** {@code asked}: these weights and no wider ones. */
    private record Choice(
            Checkpoint checkpoint,
            WeightType weights,
            int group,
            boolean asked,
            Optional<CalibratedLayers> calibrated) {
        Storage of(List<Layer> layers) {
            Map<String, Matrix> matrices = new LinkedHashMap<>();
            long requantised = 0;
            for (List<Layer> together : layers.stream()
                    .collect(groupingBy(layer -> product(layer.name()), LinkedHashMap::new, toList()))
                    .values()) {
                List<QuantisedTensor> kept = together.stream()
                        .flatMap(layer -> layer.stored().filter(this::fits).stream())
                        .toList();
                if (kept.size() == together.size() && haveOneOrder(kept)) {
                    WeightType type = weights == WeightType.Q4 ? narrowestOfAll(kept) : WeightType.Q8;
                    for (int i = 0; i < kept.size(); i++) {
                        matrices.put(together.get(i).name(), new Matrix(type, kept.get(i)));
                    }
                } else {
                    together.forEach(layer -> matrices.put(layer.name(), rounded(layer)));
                    requantised += together.stream()
                            .filter(layer -> checkpoint.isQuantised(layer.from()))
                            .count();
                }
            }
            return new Storage(weights, group, matrices, requantised);
        }

        /** The head in 8 bits: the file's own codes where they fit. */
        Matrix head(Layer layer) {
            QuantisedTensor source = layer.stored()
                    .filter(stored -> divides(group, stored) && !stored.isOrdered())
                    .orElseGet(() -> new RoundToNearest(checkpoint, layer.from(), form(layer, WeightType.Q8)));
            return new Matrix(WeightType.Q8, source);
        }

        private QuantisedForm form(Layer layer, WeightType type) {
            int inputs =
                    Math.toIntExact(Objects.requireNonNull(checkpoint.tensors().get(layer.from()))
                            .shape()
                            .getLast());
            return new QuantisedForm(type.bits(), inputs, group);
        }

        private boolean fits(QuantisedTensor tensor) {
            boolean wideEnough = tensor.form().bits() <= weights.bits() || !asked;
            return wideEnough && divides(group, tensor);
        }

        private static boolean haveOneOrder(List<QuantisedTensor> tensors) {
            return tensors.stream().map(QuantisedTensor::order).distinct().count() == 1;
        }

        /** Four bits only where all have no more. */
        private static WeightType narrowestOfAll(List<QuantisedTensor> tensors) {
            return tensors.stream().allMatch(tensor -> tensor.form().bits() == WeightType.Q4.bits())
                    ? WeightType.Q4
                    : WeightType.Q8;
        }

        private Matrix rounded(Layer layer) {
            WeightType type = asked ? weights : WeightType.Q8;
            QuantisedForm form = form(layer, type);
            QuantisedTensor source = calibrated
                    .<QuantisedTensor>map(all -> all.matrix(layer.name(), layer.from(), form))
                    .orElseGet(() -> new RoundToNearest(checkpoint, layer.from(), form));
            return new Matrix(type, source);
        }
    }
}
