package belle.export.bundle;

import ai.onnxruntime.OrtException;
import belle.export.checkpoint.Checkpoint;
import belle.export.checkpoint.ModelConfig;
import belle.export.checkpoint.QuantisedForm;
import belle.export.checkpoint.QuantisedRows;
import belle.export.checkpoint.QuantisedTensor;
import belle.export.graph.PartGraph;
import belle.proto.Check;
import belle.proto.bundle.Manifest.Architecture;
import belle.proto.bundle.WeightType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Quantises a model layer by layer: the calibration text runs through the quantised layers before, a layer's matrices are
 * quantised by what they are multiplied with, and what the quantised layer makes of the text goes on to the next one. Only one
 * layer is in memory, so its matrices are read in the order of the layers, as a bundle is written.
 */
final class CalibratedLayers {
    private static final String LAYER = "layers.";

    private final Checkpoint checkpoint;
    private final Architecture architecture;
    private final Calibration calibration;
    private final Path scratch;
    private final Map<String, Calibrated> wanted = new LinkedHashMap<>();
    private final Map<String, Double> errors = new LinkedHashMap<>();

    /** How the bundle stores its matrices, those that are not calibrated among them. */
    private @Nullable Storage storage;

    /** What the next layer is given for each sequence: [tokens, hidden]. */
    private List<float[]> hidden = List.of();

    private final HeldOut heldOut;
    private int next;

    /** {@code scratch} is a folder to be, for one layer's weights; it is gone between two layers. */
    CalibratedLayers(Checkpoint checkpoint, Architecture architecture, Calibration calibration, Path scratch) {
        this.checkpoint = checkpoint;
        this.architecture = architecture;
        this.calibration = calibration;
        this.scratch = scratch;
        this.heldOut = new HeldOut(calibration.heldOut(), architecture.hidden());
    }

    /** Returns matrix {@code name} of the bundle, made from the checkpoint's tensor {@code from} of [outputs, inputs]. */
    QuantisedTensor matrix(String name, String from, QuantisedForm form) {
        List<Long> shape =
                Objects.requireNonNull(checkpoint.tensors().get(from)).shape();
        var matrix = new Calibrated(name, from, Math.toIntExact(shape.getFirst()), form);
        wanted.put(name, matrix);
        return matrix;
    }

    /** Says how all matrices are stored; before the first one is read. */
    void storedAs(Storage storage) {
        this.storage = storage;
    }

    /** |(w - q) x|^2 / |w x|^2 over the calibration text, by tensor of the checkpoint, of those that are done. */
    Map<String, Double> errors() {
        return Map.copyOf(errors);
    }

    /** Says what was lost, when all matrices are written. */
    List<String> summary() {
        List<String> lines = new ArrayList<>(List.of(worst()));
        if (!errors.isEmpty() && !heldOut.isEmpty()) {
            if (next < architecture.layers()) {
                quantiseUpTo(architecture.layers() - 1);
            }
            lines.add(perplexities().toString());
        }
        return lines;
    }

    private HeldOut.Perplexities perplexities() {
        try {
            double before;
            try (PartRun head = head(Storage.plain(WeightType.F32))) {
                before = heldOut.lossBefore(head);
            }
            try (PartRun head = head(Objects.requireNonNull(storage))) {
                return heldOut.perplexities(before, heldOut.lossAfter(head));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (OrtException e) {
            throw new IllegalStateException("the head cannot be run", e);
        }
    }

    private PartRun head(Storage as) throws IOException, OrtException {
        WeightPlan plan = WeightPlan.part(
                checkpoint.config(),
                architecture,
                as,
                name -> name.startsWith("final_norm.") || name.equals("head.weight"));
        PartGraph graph =
                PartGraph.head(checkpoint.config(), architecture, plan.entries(), as.group(), Exporter.VERSION);
        return PartRun.open(checkpoint, plan, graph, architecture, 1, scratch);
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
                quantiseUpTo(layer(name));
            }
        }

        @Override
        public void read(int row, int count, QuantisedRows into, int at) {
            into.copy(Objects.requireNonNull(rows, "not prepared"), row, count, at);
        }
    }

    private static int layer(String name) {
        return Integer.parseInt(name.substring(LAYER.length(), name.indexOf('.', LAYER.length())));
    }

    private void quantiseUpTo(int layer) {
        Check.that(layer >= next, "layer %s is asked for behind layer %s", layer, next);
        try {
            if (next == 0) {
                hidden = embedded();
            }
            for (; next <= layer; next++) {
                forget(next - 1);
                quantise(next);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (OrtException e) {
            throw new IllegalStateException("layer " + next + " cannot be calibrated", e);
        }
    }

    private void forget(int layer) {
        wanted.values().stream().filter(matrix -> layer(matrix.name) == layer).forEach(matrix -> matrix.rows = null);
    }

    private List<float[]> embedded() throws IOException, OrtException {
        WeightPlan plan = embeddingPlan(checkpoint.config(), architecture);
        PartGraph graph = PartGraph.embedding(checkpoint.config(), architecture, plan.entries(), Exporter.VERSION);
        try (PartRun run = PartRun.open(checkpoint, plan, graph, architecture, 1, scratch)) {
            heldOut.embed(run);
            return run.embed(calibration.sequences());
        }
    }

    /** The embedding alone, which is the head's matrix where the two are tied. */
    static WeightPlan embeddingPlan(ModelConfig config, Architecture architecture) {
        String table = config.tiedHead() ? "head.weight" : "embedding.weight";
        return WeightPlan.part(
                config,
                architecture,
                Storage.plain(WeightType.F32),
                name -> name.equals(table) || name.startsWith("embedding_norm."));
    }

    private void quantise(int layer) throws IOException, OrtException {
        Map<String, Hessian> hessians = new HashMap<>();
        Map<String, String> multiplied;
        try (PartRun run = open(layer, Storage.plain(WeightType.F32))) {
            multiplied = run.multiplied();
            for (float[] x : hidden) {
                int tokens = x.length / architecture.hidden();
                run.run(
                        x,
                        (value, rows) -> hessians.computeIfAbsent(value, _ -> new Hessian(rows.length / tokens))
                                .add(rows));
            }
            heldOut.passBefore(run);
        }
        solve(layer, multiplied, hessians);
        try (PartRun run = open(layer, Objects.requireNonNull(storage))) {
            hidden = run.run(hidden);
            heldOut.passAfter(run);
        }
    }

    private PartRun open(int layer, Storage as) throws IOException, OrtException {
        String prefix = LAYER + layer + ".";
        WeightPlan plan = WeightPlan.part(
                checkpoint.config(),
                architecture,
                as,
                name -> name.startsWith(prefix) || name.startsWith("rope.") || name.startsWith("alibi."));
        PartGraph graph =
                PartGraph.layer(checkpoint.config(), architecture, plan.entries(), as.group(), layer, Exporter.VERSION);
        int longest = Stream.concat(calibration.sequences().stream(), calibration.heldOut().stream())
                .mapToInt(List::size)
                .max()
                .orElse(1);
        return PartRun.open(checkpoint, plan, graph, architecture, longest, scratch);
    }

    /** A tensor from which several matrices are made is quantised once; matrices with one input share its factor. */
    private void solve(int layer, Map<String, String> multiplied, Map<String, Hessian> hessians) {
        Map<String, Gptq> solvers = new HashMap<>();
        Map<String, Gptq.Result> results = new HashMap<>();
        for (Calibrated matrix : wanted.values()) {
            if (layer(matrix.name) == layer) {
                Gptq solver = solvers.computeIfAbsent(
                        Objects.requireNonNull(multiplied.get(matrix.name)),
                        value -> new Gptq(Objects.requireNonNull(hessians.get(value)), calibration.byActivation()));
                Gptq.Result result = results.computeIfAbsent(
                        matrix.from,
                        from -> solver.quantise(
                                (output, into) ->
                                        checkpoint.read(from, (long) output * into.length, into, 0, into.length),
                                matrix.outputs,
                                matrix.form.bits(),
                                matrix.form.group()));
                matrix.rows = result.codes();
                matrix.order = calibration.byActivation() ? solver.order() : List.of();
                errors.put(matrix.from, result.relativeError());
            }
        }
    }
}
