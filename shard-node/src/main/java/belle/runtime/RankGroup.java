package belle.runtime;

import belle.engine.Logits;
import belle.engine.Step;
import belle.kernels.Kernels;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.RankShare;
import belle.proto.bundle.RankShare.Range;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/**
 * The ranks of a replica as one: they run the same step from one packed input, the first of them on the caller's thread, each other on
 * a thread of its own. They meet in their graphs' {@code AllReduce}; when one fails, the step fails for all.
 */
final class RankGroup implements StepRunner {
    private final List<Rank> ranks;
    private final List<Range> columns;
    private final int vocabulary;
    private final Optional<Collective> collective;
    private final List<ExecutorService> threads = new ArrayList<>();
    private final PackedStep packed = new PackedStep();
    private final FloatBuffer[] parts;

    /** Of the step under way, in the order of time: what other ranks say when one fails tells less. */
    private final Queue<RuntimeException> failures = new ConcurrentLinkedQueue<>();

    private long number;

    /**
     * A group that owns its ranks and their meeting place.
     *
     * @param columns of the logits that each rank computes
     * @param collective empty for a single rank
     */
    RankGroup(List<Rank> ranks, List<Range> columns, int vocabulary, Optional<Collective> collective) {
        this.ranks = List.copyOf(ranks);
        this.columns = List.copyOf(columns);
        this.vocabulary = vocabulary;
        this.collective = collective;
        this.parts = new FloatBuffer[ranks.size()];
        for (int rank = 1; rank < ranks.size(); rank++) {
            threads.add(Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().name("rank-" + rank).daemon().factory()));
        }
    }

    /**
     * Opens all ranks of a bundle in this process.
     *
     * @param layout of the cache of all ranks together
     * @throws FailureException {@link Failure.Broken} when ONNX Runtime refuses a graph, {@link Failure.Invalid} when the model
     *     cannot be cut into so many
     */
    static RankGroup open(Bundle bundle, KvLayout layout, RuntimeConfig config) {
        Manifest manifest = bundle.manifest();
        int degree = config.tensorParallel();
        Optional<Collective> collective = degree == 1 ? Optional.empty() : Optional.of(Collective.reserve(degree));
        List<Rank> ranks = new ArrayList<>();
        List<Range> columns = new ArrayList<>();
        try {
            for (int rank = 0; rank < degree; rank++) {
                RankShare share = RankShare.of(manifest.architecture(), manifest.group(), rank, degree);
                ranks.add(OrtRank.open(
                        bundle.graph(rank, degree),
                        Kernels.library(),
                        share,
                        layout.of(share.kvHeads().size()),
                        collective,
                        Math.max(1, config.threads() / degree),
                        config.spinning()));
                columns.add(share.vocabulary());
            }
            return new RankGroup(ranks, columns, manifest.architecture().vocabulary(), collective);
        } catch (RuntimeException e) {
            ranks.forEach(Rank::close);
            collective.ifPresent(Collective::close);
            throw e;
        }
    }

    /** Key/value heads of all ranks, those counted twice that two ranks have. */
    static int kvHeads(Manifest manifest, int degree) {
        Optional<String> refusal = RankShare.refusal(
                manifest.architecture(), manifest.group(), manifest.tensors().keySet(), degree);
        if (refusal.isPresent() || !manifest.degrees().contains(degree)) {
            throw new FailureException(new Failure.Invalid(
                    "tensor-parallel",
                    "--tensor-parallel of " + manifest.name() + " must be one of " + manifest.degrees() + ", but is "
                            + degree + ": "
                            + refusal.orElse("the bundle has no graphs for it; export the checkpoint again")));
        }
        return IntStream.range(0, degree)
                .map(rank -> RankShare.of(manifest.architecture(), manifest.group(), rank, degree)
                        .kvHeads()
                        .size())
                .sum();
    }

    @Override
    public Logits run(Step step) {
        packed.pack(step);
        number++;
        List<CompletableFuture<Void>> others = new ArrayList<>();
        for (int rank = 1; rank < ranks.size(); rank++) {
            int other = rank;
            others.add(CompletableFuture.runAsync(() -> runPart(other, step), threads.get(rank - 1)));
        }
        runPart(0, step);
        others.forEach(CompletableFuture::join);
        Optional<RuntimeException> failure = Optional.ofNullable(failures.peek());
        failures.clear();
        if (failure.isPresent()) {
            throw failure.get();
        }
        return ranks.size() == 1
                ? new DirectLogits(parts[0], step.logitRows(), vocabulary)
                : new RankLogits(columns, List.of(parts), step.logitRows(), vocabulary);
    }

    private void runPart(int rank, Step step) {
        try {
            parts[rank] = ranks.get(rank).run(number, step.copies(), packed);
        } catch (RuntimeException e) {
            failures.add(e);
            collective.ifPresent(meeting -> meeting.fail(number));
        }
    }

    @Override
    public void close() {
        threads.forEach(ExecutorService::shutdown);
        ranks.forEach(Rank::close);
        collective.ifPresent(Collective::close);
    }
}
