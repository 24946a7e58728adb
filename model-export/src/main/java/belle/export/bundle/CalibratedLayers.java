package belle.export.bundle;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import ai.onnxruntime.OrtException;
import belle.export.bundle.WeightPlan.Planned;
import belle.export.checkpoint.Checkpoint;
import belle.export.checkpoint.Progress;
import belle.export.checkpoint.QuantisedForm;
import belle.export.checkpoint.QuantisedRows;
import belle.export.checkpoint.QuantisedTensor;
import belle.export.files.PassingFolder;
import belle.proto.Check;
import belle.proto.bundle.FileHash;
import belle.proto.bundle.Manifest.Architecture;
import belle.proto.bundle.Manifest.TensorEntry;
import belle.proto.bundle.WeightType;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Quantises a model layer by layer: the calibration text runs through the quantised layers before, a layer's matrices are
 * quantised by what they are multiplied with, and what the quantised layer makes of the text goes on to the next one. Only one
 * layer is in memory, so its matrices are read in the order of the layers, as a bundle is written. What a layer is given lies
 * on the disk, and so do the finished layers: an export that is killed goes on behind them.
 */
final class CalibratedLayers implements WeightWriter.Finished {
    /** Parts of a layer's time that the two passes take, about; the rest is solving. */
    private static final double FIRST_PASS = 0.48;

    private static final double SECOND_PASS = 0.14;

    private final Checkpoint checkpoint;
    private final Architecture architecture;
    private final Calibration calibration;
    private final Path folder;
    private final Progress progress;
    private final Map<String, Calibrated> wanted = new LinkedHashMap<>();
    private final Map<String, Double> errors = new LinkedHashMap<>();

    /** Tokens of what is in a file of hidden states: calibration, held out as it was, and as it becomes. */
    private final List<Integer> tokens;

    private final HeldOut heldOut;
    private final ModelParts parts;

    /** How the bundle stores its matrices, those that are not calibrated among them. */
    private @Nullable WeightPlan plan;

    private String fingerprint = "";
    /** Hash of each finished layer's bytes in the bundle. */
    private final List<String> finished = new ArrayList<>();

    private int next;

    /** {@code folder} is for the hidden states, for one layer's weights, and for what {@link #goOn} finds. */
    CalibratedLayers(
            Checkpoint checkpoint, Architecture architecture, Calibration calibration, Path folder, Progress progress) {
        this.checkpoint = checkpoint;
        this.architecture = architecture;
        this.calibration = calibration;
        this.folder = folder;
        this.progress = progress;
        this.heldOut = new HeldOut(calibration.heldOut(), architecture.hidden());
        this.tokens = texts().map(List::size).toList();
        int longest = tokens.stream().mapToInt(size -> size).max().orElse(1);
        this.parts = new ModelParts(checkpoint, architecture, longest, folder.resolve("layer"));
    }

    /** Returns matrix {@code name} of the bundle, made from the checkpoint's tensor {@code from} of [outputs, inputs]. */
    QuantisedTensor matrix(String name, String from, QuantisedForm form) {
        List<Long> shape =
                Objects.requireNonNull(checkpoint.tensors().get(from)).shape();
        var matrix = new Calibrated(name, from, Math.toIntExact(shape.getFirst()), form);
        wanted.put(name, matrix);
        return matrix;
    }

    /** Says how all tensors are stored; before the first one is read. */
    void plannedAs(WeightPlan plan) {
        this.plan = plan;
    }

    /**
     * Takes over the layers that an export of the same {@code fingerprint} has finished, if it left them whole.
     *
     * @param weights the file that they are in
     * @return how many they are
     */
    int goOn(String fingerprint, Path weights) throws IOException {
        this.fingerprint = fingerprint;
        Optional<FinishedLayers> left = FinishedLayers.read(folder);
        if (left.isPresent() && left.get().fingerprint().equals(fingerprint) && isWhole(left.get(), weights)) {
            finished.addAll(left.get().weights());
            errors.putAll(left.get().errors());
            next = finished.size();
            PassingFolder.delete(parts.folder());
        }
        return next;
    }

    private boolean isWhole(FinishedLayers left, Path weights) throws IOException {
        try {
            for (int layer = 0; layer < left.weights().size(); layer++) {
                if (!hash(layer, weights).equals(left.weights().get(layer))) {
                    return false;
                }
            }
            Path hidden = FinishedLayers.hidden(folder, left.weights().size());
            return FileHash.chunked(hidden, FileHash.CHUNK_BYTES).equals(left.hidden());
        } catch (NoSuchFileException | EOFException e) {
            return false;
        }
    }

    private String hash(int layer, Path weights) throws IOException {
        TensorEntry first = ofLayer(layer).getFirst().entry();
        TensorEntry last = ofLayer(layer).getLast().entry();
        return FileHash.part(weights, first.offset(), last.offset() + last.bytes() - first.offset());
    }

    private List<Planned> ofLayer(int layer) {
        return plan().tensors().stream()
                .filter(tensor -> tensor.layer() == layer)
                .toList();
    }

    @Override
    public boolean has(Planned tensor) {
        return tensor.layer() >= 0 && tensor.layer() < finished.size();
    }

    /** When a layer's last tensor is written, all that it takes to go on behind it is brought to the disk. */
    @Override
    public void written(Planned tensor, Path weights, FileChannel file) throws IOException {
        if (tensor.layer() < 0
                || tensor.layer() != next - 1
                || !tensor.equals(ofLayer(next - 1).getLast())) {
            return;
        }
        file.force(true);
        while (finished.size() < next) {
            finished.add(hash(finished.size(), weights));
        }
        String hidden = FileHash.chunked(hidden(next), FileHash.CHUNK_BYTES);
        new FinishedLayers(fingerprint, finished, hidden, errors).write(folder);
        Files.deleteIfExists(hidden(next - 1));
    }

    /** Layers that another export can take over. */
    int finished() {
        return finished.size();
    }

    /** |(w - q) x|^2 / |w x|^2 over the calibration text, by tensor of the checkpoint, of those that are done. */
    Map<String, Double> errors() {
        return Map.copyOf(errors);
    }

    /** Says what was lost, when all matrices are written. */
    List<String> summary() throws IOException {
        List<String> lines = new ArrayList<>(List.of(worst()));
        if (!errors.isEmpty() && !heldOut.isEmpty()) {
            try {
                quantiseUpTo(architecture.layers() - 1);
                lines.add(perplexities().toString());
            } catch (OrtException e) {
                throw new IllegalStateException("the head cannot be run", e);
            }
        }
        return lines;
    }

    private HeldOut.Perplexities perplexities() throws IOException, OrtException {
        int texts = calibration.sequences().size();
        int windows = calibration.heldOut().size();
        try (HiddenStates hidden = HiddenStates.open(hidden(next), tokens, architecture.hidden())) {
            double before;
            try (PartRun head = parts.head(Storage.plain(WeightType.F32))) {
                before = heldOut.loss(head, window -> hidden.read(texts + window));
            }
            try (PartRun head = parts.head(plan().storage())) {
                double after = heldOut.loss(head, window -> hidden.read(texts + windows + window));
                return heldOut.perplexities(before, after);
            }
        }
    }

    private String worst() {
        return errors.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(worst -> String.format(
                        Locale.ROOT,
                        "%d matrices were quantised by %d tokens; their outputs' largest relative error is %.2g, of %s",
                        errors.size(),
                        calibration.tokens(),
                        worst.getValue(),
                        worst.getKey()))
                .orElse("the calibration was not used: every matrix keeps the integers that the checkpoint has");
    }

    /** A matrix that is quantised with its layer. */
    private final class Calibrated implements QuantisedTensor {
        private final String name;
        private final String from;
        private final int outputs;
        private final QuantisedForm form;
        private @Nullable QuantisedRows rows;
        private List<Integer> order = List.of();

        Calibrated(String name, String from, int outputs, QuantisedForm form) {
            this.name = name;
            this.from = from;
            this.outputs = outputs;
            this.form = form;
        }

        @Override
        public QuantisedForm form() {
            return form;
        }

        @Override
        public boolean isOrdered() {
            return calibration.byActivation();
        }

        @Override
        public List<Integer> order() {
            prepare();
            return order;
        }

        @Override
        public void prepare() {
            if (rows == null) {
                quantise(WeightPlan.layer(name));
            }
        }

        @Override
        public void read(int row, int count, QuantisedRows into, int at) {
            into.copy(Objects.requireNonNull(rows, "not prepared"), row, count, at);
        }
    }

    private void quantise(int layer) {
        Check.that(layer >= next, "layer %s is asked for behind layer %s", layer, next);
        try {
            quantiseUpTo(layer);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (OrtException e) {
            throw new IllegalStateException("layer " + next + " cannot be calibrated", e);
        }
    }

    private void quantiseUpTo(int layer) throws IOException, OrtException {
        if (next == 0) {
            embed();
        }
        for (; next <= layer; next++) {
            forget(next - 1);
            try (HiddenStates given = HiddenStates.open(hidden(next), tokens, architecture.hidden());
                    HiddenStates made = HiddenStates.create(hidden(next + 1), tokens, architecture.hidden())) {
                quantise(next, given, made);
                made.force();
            }
        }
    }

    private void forget(int layer) {
        wanted.values().stream()
                .filter(matrix -> WeightPlan.layer(matrix.name) == layer)
                .forEach(matrix -> matrix.rows = null);
    }

    /** The ids of what is in a file of hidden states, in its order. */
    private Stream<List<Integer>> texts() {
        return Stream.of(calibration.sequences(), calibration.heldOut(), calibration.heldOut())
                .flatMap(List::stream);
    }

    private void embed() throws IOException, OrtException {
        List<List<Integer>> texts = texts().toList();
        try (PartRun run = parts.embedding();
                HiddenStates made = HiddenStates.create(hidden(0), tokens, architecture.hidden())) {
            for (int i = 0; i < texts.size(); i++) {
                made.write(i, run.embed(texts.get(i)));
            }
        }
    }

    private void quantise(int layer, HiddenStates given, HiddenStates made) throws IOException, OrtException {
        int texts = calibration.sequences().size();
        int windows = calibration.heldOut().size();
        Map<String, Hessian> hessians = new HashMap<>();
        try {
            solve(layer, takenIn(layer, given, made, hessians), hessians);
        } finally {
            hessians.values().forEach(Hessian::close);
        }
        try (PartRun run = parts.layer(layer, plan().storage())) {
            for (int i = 0; i < texts; i++) {
                made.write(i, run.run(given.read(i)));
                advanced(layer, 1 - SECOND_PASS * (texts - i) / texts);
            }
            for (int i = texts + windows; i < tokens.size(); i++) {
                made.write(i, run.run(given.read(i)));
            }
        }
        advanced(layer, 1);
    }

    /** Runs the layer as it is, and returns what each matrix was multiplied with. */
    private Map<String, String> takenIn(int layer, HiddenStates given, HiddenStates made, Map<String, Hessian> hessians)
            throws IOException, OrtException {
        int texts = calibration.sequences().size();
        int windows = calibration.heldOut().size();
        try (PartRun run = parts.layer(layer, Storage.plain(WeightType.F32))) {
            for (int i = 0; i < texts; i++) {
                int rows = tokens.get(i);
                run.run(
                        given.read(i),
                        (value, x) -> hessians.computeIfAbsent(value, _ -> new Hessian(x.length / rows))
                                .add(x));
                advanced(layer, FIRST_PASS * i / texts);
            }
            for (int i = texts; i < texts + windows; i++) {
                made.write(i, run.run(given.read(i)));
            }
            advanced(layer, FIRST_PASS);
            return run.multiplied();
        }
    }

    private void advanced(int layer, double part) {
        progress.layers(layer + part, architecture.layers());
    }

    private WeightPlan plan() {
        return Objects.requireNonNull(plan, "nothing is planned");
    }

    private Path hidden(int layer) {
        return FinishedLayers.hidden(folder, layer);
    }

    /** Matrices with one input share its factor. */
    private void solve(int layer, Map<String, String> multiplied, Map<String, Hessian> hessians) {
        Map<String, List<Calibrated>> byInput = wanted.values().stream()
                .filter(matrix -> WeightPlan.layer(matrix.name) == layer)
                .collect(groupingBy(
                        matrix -> Objects.requireNonNull(multiplied.get(matrix.name)), LinkedHashMap::new, toList()));
        int done = 0;
        for (var each : byInput.entrySet()) {
            Hessian hessian = Objects.requireNonNull(hessians.remove(each.getKey()));
            hessian.complete();
            try (Gptq solver = new Gptq(hessian, calibration.byActivation())) {
                solve(each.getValue(), solver);
            }
            advanced(layer, FIRST_PASS + (1 - FIRST_PASS - SECOND_PASS) * ++done / byInput.size());
        }
    }

    /** A tensor from which several matrices are made is quantised once. */
    private void solve(List<Calibrated> matrices, Gptq solver) {
        Map<String, Gptq.Result> results = new HashMap<>();
        for (Calibrated matrix : matrices) {
            Gptq.Result result = results.computeIfAbsent(
                    matrix.from,
                    from -> solver.quantise(
                            (output, into) -> checkpoint.read(from, (long) output * into.length, into, 0, into.length),
                            matrix.outputs,
                            matrix.form.bits(),
                            matrix.form.group()));
            matrix.rows = result.codes();
            matrix.order = calibration.byActivation() ? solver.order() : List.of();
            errors.put(matrix.from, result.relativeError());
        }
    }
}
