package belle.export.bundle;

import belle.export.checkpoint.Checkpoint;
import belle.export.checkpoint.Checkpoints;
import belle.export.checkpoint.DType;
import belle.export.checkpoint.GenerationConfig;
import belle.export.checkpoint.ModelConfig;
import belle.export.checkpoint.Progress;
import belle.export.checkpoint.TensorInfo;
import belle.export.graph.PortableGraph;
import belle.export.graph.RankGraph;
import belle.export.tokenizer.TokenizerFiles;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.FileReason;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.FileHash;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.Manifest.Architecture;
import belle.proto.bundle.Manifest.FileEntry;
import belle.proto.bundle.Manifest.SamplingDefaults;
import belle.proto.bundle.ManifestJson;
import belle.proto.bundle.PromptTemplates;
import belle.proto.bundle.RankShare;
import belle.proto.bundle.Verification;
import belle.proto.bundle.WeightType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Writes a bundle from a checkpoint: all of it, or nothing. */
public final class Exporter {
    /** This program's version, as it is recorded in bundles. */
    static final String VERSION = "0.1.0";

    private final Checkpoint checkpoint;
    private final ExportOptions options;
    private final Path target;
    private final ModelConfig config;
    private final TokenizerFiles tokenizer;

    private Exporter(Checkpoint checkpoint, ExportOptions options) {
        this.checkpoint = checkpoint;
        this.options = options;
        this.target = options.target().toAbsolutePath().normalize();
        this.config = checkpoint.config();
        this.tokenizer = TokenizerFiles.read(checkpoint);
        tokenizer.check(options.template());
    }

    /**
     * Exports the checkpoint folder and returns the opened bundle.
     *
     * @param progress hears bytes written and hashed
     * @throws FailureException for a checkpoint that is refused, a target that is taken, a disk that is full; nothing
     *     is left behind then, but the finished layers of a calibration whose disk failed
     */
    public static Bundle export(Path checkpointDir, ExportOptions options, Progress progress) {
        try (Checkpoint checkpoint = Checkpoints.open(checkpointDir, options.lora())) {
            return new Exporter(checkpoint, options).run(progress);
        }
    }

    private Bundle run(Progress progress) {
        options.refuseTakenTarget();
        refuseForeignTokenizer();
        Architecture architecture = architecture();
        try (StagingFolder staging = StagingFolder.beside(target)) {
            try {
                make(staging, architecture, progress);
            } catch (FailureException e) {
                staging.discard();
                throw e;
            } catch (IOException e) {
                throw staging.isKept()
                        ? new IOException(
                                FileReason.of(e) + "; finished layers stay in " + staging.root()
                                        + ", and the same export goes on behind them",
                                e)
                        : e;
            }
        } catch (IOException e) {
            throw new FailureException(
                    new Failure.Broken(target.toString(), "export", "failed: " + FileReason.of(e)), e);
        }
        return Bundle.open(target, Verification.STRUCTURE_ONLY);
    }

    private void make(StagingFolder staging, Architecture architecture, Progress progress) throws IOException {
        Optional<CalibratedLayers> calibrated = options.calibration()
                .map(text -> new CalibratedLayers(checkpoint, architecture, text, staging.root(), progress));
        WeightPlan plan = WeightPlan.of(checkpoint, architecture, options, storedType(), calibrated);
        if (plan.storage().requantised() > 0) {
            progress.note(plan.storage().requantised()
                    + " matrices are of types that a bundle does not have: their numbers are rounded again");
        }
        refuseFullDisk(staging, plan);
        if (calibrated.isPresent()) {
            refuseSmallHeap(architecture);
        }
        // Beside the hours of a calibration, bytes tell nothing.
        Progress bytes = calibrated.isPresent() ? Progress.NONE : progress;
        // A portable model's weights take about as much again.
        long written = (options.portable() ? 2 : 1) * plan.writtenBytes();
        ExportMeter meter = new ExportMeter(bytes, 2 * written + sourceBytes());
        String source = sourceHash(meter);
        Path weights = staging.file(Manifest.WEIGHTS_FILE);
        if (calibrated.isPresent()) {
            goOn(calibrated.get(), staging, source, plan, progress);
            WeightWriter.write(checkpoint, plan, weights, meter, calibrated.get());
        } else {
            staging.clear();
            WeightWriter.write(checkpoint, plan, weights, meter);
        }
        complete(staging, plan, architecture, source, meter);
        if (calibrated.isPresent()) {
            calibrated.get().summary().forEach(progress::note);
        }
        // The hashes were just made from these very files; everything else is checked before the target appears.
        Bundle.open(staging.bundle(), Verification.STRUCTURE_ONLY);
        staging.commit();
        if (tokenizer.ownTemplate()) {
            progress.note("the checkpoint's own chat template is not used; conversations follow '"
                    + options.template().name() + "', choose another with --template "
                    + String.join("|", PromptTemplates.names()));
        }
    }

    /** What the same export left is gone on with; what another one left is removed. */
    private void goOn(CalibratedLayers layers, StagingFolder staging, String source, WeightPlan plan, Progress progress)
            throws IOException {
        String fingerprint = ExportFingerprint.of(checkpoint, options, source, plan);
        int finished = layers.goOn(fingerprint, staging.file(Manifest.WEIGHTS_FILE));
        if (finished > 0) {
            staging.adopt();
            progress.note("goes on behind layer " + finished + " of " + config.layers()
                    + ", where an interrupted export of the same ended");
        } else {
            staging.clear();
        }
    }

    /** Everything but the weights, which are there. */
    private void complete(
            StagingFolder staging, WeightPlan plan, Architecture architecture, String source, ExportMeter meter)
            throws IOException {
        Map<String, FileEntry> files = new TreeMap<>();
        put(files, staging, Manifest.TOKENIZER_FILE, tokenizer.json().getBytes(StandardCharsets.UTF_8));
        int group = plan.storage().group();
        List<Integer> degrees =
                RankShare.degrees(architecture, group, plan.entries().keySet());
        for (int degree : degrees) {
            for (int rank = 0; rank < degree; rank++) {
                var graph = RankGraph.of(config, architecture, plan.entries(), group, rank, degree, VERSION);
                put(files, staging, Manifest.graphFile(rank, degree), graph.toByteArray());
            }
        }
        putWeights(files, staging, Manifest.WEIGHTS_FILE, meter);
        if (options.portable()) {
            portable(files, staging, plan, architecture, meter);
        }
        Manifest manifest = manifest(plan, architecture, source, degrees, files);
        put(new TreeMap<>(), staging, Manifest.FILE, ManifestJson.write(manifest));
    }

    /** The model in ONNX's own operators, made of the weights that are there. */
    private void portable(
            Map<String, FileEntry> files,
            StagingFolder staging,
            WeightPlan plan,
            Architecture architecture,
            ExportMeter meter)
            throws IOException {
        Path weights = staging.file(Manifest.WEIGHTS_FILE);
        int group = plan.storage().group();
        PortableGraph portable = PortableGraph.of(
                config,
                architecture,
                plan.entries(),
                plan.storage().weights(),
                group,
                PortableWriter.wideZeros(weights, plan.entries(), group),
                VERSION);
        put(files, staging, Manifest.PORTABLE_GRAPH_FILE, portable.model().toByteArray());
        Path target = staging.file(Manifest.PORTABLE_WEIGHTS_FILE);
        PortableWriter.write(weights, plan.entries(), group, portable.tensors(), target, meter);
        putWeights(files, staging, Manifest.PORTABLE_WEIGHTS_FILE, meter);
    }

    private static void putWeights(Map<String, FileEntry> files, StagingFolder staging, String name, ExportMeter meter)
            throws IOException {
        Path weights = staging.file(name);
        long chunk = FileHash.CHUNK_BYTES;
        long bytes = Files.size(weights);
        files.put(name, new FileEntry(bytes, FileHash.chunked(weights, chunk), Optional.of(chunk)));
        meter.advanced(bytes);
    }

    private Manifest manifest(
            WeightPlan plan,
            Architecture architecture,
            String source,
            List<Integer> degrees,
            Map<String, FileEntry> files) {
        return new Manifest(
                Manifest.FORMAT_VERSION,
                target.getFileName().toString(),
                options.createdEpochSeconds(),
                architecture,
                plan.storage().weights().label(),
                plan.storage().group(),
                "f32",
                degrees,
                eosIds(),
                tokenizer.bosIds(),
                options.template(),
                sampling(),
                new Manifest.Source(
                        checkpoint
                                .dir()
                                .toAbsolutePath()
                                .normalize()
                                .getFileName()
                                .toString(),
                        source,
                        "belle " + VERSION),
                plan.entries(),
                files);
    }

    private Architecture architecture() {
        String family = switch (config) {
            case ModelConfig.Bloom _ -> "bloom";
            case ModelConfig.Llama _ -> "llama";
        };
        long parameters = checkpoint.tensors().values().stream()
                .mapToLong(TensorInfo::elements)
                .sum();
        return new Architecture(
                family,
                config.hidden(),
                config.intermediate(),
                config.layers(),
                config.heads(),
                config.kvHeads(),
                config.headDim(),
                config.vocabulary(),
                tokenizer.tokens(),
                config.contextTokens(),
                parameters);
    }

    /** The checkpoint's own settings, and BELLE's where it says nothing. */
    private SamplingDefaults sampling() {
        SamplingDefaults belle = SamplingDefaults.BELLE;
        GenerationConfig own = checkpoint.generation();
        return new SamplingDefaults(
                own.temperature().orElse(belle.temperature()),
                own.topP().orElse(belle.topP()),
                own.topK().orElse(belle.topK()),
                own.repetitionPenalty().orElse(belle.repetitionPenalty()));
    }

    /** What the checkpoint names, and the tokenizer's own: early LLaMA configurations name other ids. */
    private List<Integer> eosIds() {
        return Stream.concat(checkpoint.generation().eosIds().stream(), tokenizer.eosIds().stream())
                .distinct()
                .sorted()
                .toList();
    }

    private void refuseForeignTokenizer() {
        if (tokenizer.tokens() > config.vocabulary()) {
            throw new FailureException(new Failure.Broken(
                    checkpoint.dir().resolve(tokenizer.source()).toString(),
                    "vocabulary",
                    "has " + tokenizer.tokens() + " ids, but the embedding has " + config.vocabulary() + " rows"));
        }
        for (int id : eosIds()) {
            if (id >= tokenizer.tokens()) {
                throw new FailureException(new Failure.Broken(
                        checkpoint.dir().toString(),
                        "eos_token_id",
                        "is " + id + ", but the tokenizer's ids end at " + (tokenizer.tokens() - 1)));
            }
        }
    }

    /** Matrices decide: a checkpoint may keep its norms in float32 beside matrices in float16. */
    private WeightType storedType() {
        return checkpoint.tensors().values().stream()
                        .anyMatch(tensor -> tensor.shape().size() == 2 && tensor.type() == DType.F32)
                ? WeightType.F32
                : WeightType.F16;
    }

    /** One hash over the names and hashes of all weight files, in name order. */
    private String sourceHash(ExportMeter meter) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (Path file : checkpoint.weightFiles()) {
            String hash = FileHash.chunked(file, FileHash.CHUNK_BYTES);
            lines.append(hash).append("  ").append(file.getFileName()).append('\n');
            meter.advanced(Files.size(file));
        }
        return FileHash.of(lines.toString().getBytes(StandardCharsets.UTF_8));
    }

    private long sourceBytes() throws IOException {
        long bytes = 0;
        for (Path file : checkpoint.weightFiles()) {
            bytes += Files.size(file);
        }
        return bytes;
    }

    private static void put(Map<String, FileEntry> files, StagingFolder staging, String name, byte[] content)
            throws IOException {
        Path file = staging.file(name);
        try {
            Files.write(file, content);
            StagingFolder.force(file);
        } catch (IOException e) {
            throw StagingFolder.unwritten(file, content.length, e);
        }
        files.put(name, new FileEntry(content.length, FileHash.of(content), Optional.empty()));
    }

    private void refuseFullDisk(StagingFolder staging, WeightPlan plan) throws IOException {
        // What an earlier export left is used again, or removed.
        long free = Files.getFileStore(staging.root()).getUsableSpace() + staging.bytes();
        long needed = (options.portable() ? 2 : 1) * plan.bytes();
        if (free < needed) {
            String what = Manifest.WEIGHTS_FILE
                    + (options.portable() ? " and " + Manifest.PORTABLE_WEIGHTS_FILE + " need " : " needs ");
            throw new IOException("the disk has " + free + " bytes free, but " + what + needed);
        }
    }

    /** A calibrated layer has sums, their copy and a factor of the widest input in memory, and the codes of all matrices. */
    private static void refuseSmallHeap(Architecture a) {
        long inputs = Math.max(Math.max(a.hidden(), a.intermediate()), (long) a.heads() * a.headDim());
        long triangle = inputs * inputs / 2;
        long needed = (2 * Double.BYTES + Float.BYTES) * triangle + a.parameters() / a.layers();
        needed += needed / 4;
        long given = Runtime.getRuntime().maxMemory();
        if (given < needed) {
            throw new FailureException(new Failure.Invalid(
                    "calibration",
                    "layers of " + inputs + " inputs take a heap of " + (needed >> 20) + " MiB, but this one has "
                            + (given >> 20) + ": BELLE_JAVA_OPTS=-Xmx… makes it larger"));
        }
    }
}
