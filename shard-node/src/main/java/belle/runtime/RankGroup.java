package belle.runtime;

import belle.engine.Logits;
import belle.engine.Step;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.bundle.Bundle;
import belle.proto.bundle.Manifest;
import belle.proto.bundle.RankShare;
import belle.proto.bundle.RankShare.Range;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The ranks of a replica as one: they run the same step from one packed input, each on a thread of its own (a single one, unless it is
 * bound to cores, on the caller's), in this process or in one of its own. They meet in their graphs' {@code AllReduce}; when one fails,
 * the step fails for all, with {@link RanksLost} where there are several, or processes. Those are started again by the next step.
 */
final class RankGroup implements StepRunner {
    private static final int OPENINGS = 5;

    private final Bundle bundle;
    private final KvLayout layout;
    private final RuntimeConfig config;
    private final List<Range> columns;
    private final int vocabulary;
    private final RankThreads threads;

    /** A single rank that may compute anywhere is run by the caller itself: a step of a small model takes no longer than a hand-over. */
    private final boolean callerRuns;

    private final ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("rank-watch").daemon().factory());
    private final PackedStep packed = new PackedStep();
    private final FloatBuffer[] parts;

    private Optional<Collective> collective = Optional.empty();
    private List<Rank> ranks = List.of();
    private long number;

    private RankGroup(Bundle bundle, KvLayout layout, RuntimeConfig config) {
        this.bundle = bundle;
        this.layout = layout;
        this.config = config;
        Manifest manifest = bundle.manifest();
        vocabulary = manifest.architecture().vocabulary();
        int degree = config.ranks().degree();
        parts = new FloatBuffer[degree];
        callerRuns = degree == 1 && config.ranks().cores().isEmpty();
        columns = IntStream.range(0, degree)
                .mapToObj(rank -> RankShare.of(manifest.architecture(), manifest.group(), rank, degree)
                        .vocabulary())
                .toList();
        threads = new RankThreads(degree);
    }

    /**
     * Opens all ranks of a bundle.
     *
     * @param layout of the cache of all ranks together
     * @throws FailureException {@link Failure.Broken} when ONNX Runtime refuses a graph
     */
    static RankGroup open(Bundle bundle, KvLayout layout, RuntimeConfig config) {
        var group = new RankGroup(bundle, layout, config);
        try {
            group.openRanks();
            return group;
        } catch (RuntimeException e) {
            group.close();
            throw e;
        }
    }

    private void openRanks() {
        int degree = config.ranks().degree();
        if (config.ranks().processes()) {
            Path meeting = SharedFiles.create("collective");
            try {
                collective = Optional.of(Collective.map(meeting, degree));
                openRanks(plan -> RankProcess.start(
                        plan,
                        columns.get(plan.rank()).size(),
                        meeting,
                        work -> late(config.ranks().startDeadline(), work)));
            } finally {
                SharedFiles.delete(meeting);
            }
        } else {
            collective = degree == 1 ? Optional.empty() : Optional.of(Collective.reserve(degree));
            openRanks(plan -> plan.open(
                    bundle,
                    collective,
                    new LogitsBuffer(columns.get(plan.rank()).size())));
        }
    }

    /** Each on its own thread; all, or none. */
    private void openRanks(Function<RankPlan, Rank> open) {
        var opened = new Rank[threads.count()];
        try {
            threads.run(rank -> opened[rank] = open.apply(RankPlan.of(bundle, rank, layout, config)), () -> {});
        } finally {
            ranks = Stream.of(opened).filter(Objects::nonNull).toList();
            if (ranks.size() < opened.length) {
                closeRanks();
            }
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
        if (ranks.isEmpty()) {
            reopen();
        }
        packed.pack(step);
        number++;
        Optional<Future<?>> late = config.ranks().processes()
                ? Optional.of(late(config.ranks().deadline(), this::giveUp))
                : Optional.empty();
        try {
            if (callerRuns) {
                runPart(0, step);
            } else {
                threads.run(rank -> runPart(rank, step), () -> collective.ifPresent(meeting -> meeting.fail(number)));
            }
        } catch (RuntimeException e) {
            throw failed(e);
        } finally {
            late.ifPresent(timer -> timer.cancel(false));
        }
        return threads.count() == 1
                ? new DirectLogits(parts[0], step.logitRows(), vocabulary)
                : new RankLogits(columns, List.of(parts), step.logitRows(), vocabulary);
    }

    private void runPart(int rank, Step step) {
        parts[rank] = ranks.get(rank).run(number, step.copies(), packed);
    }

    /** One rank of this process that refuses a step still has its cache. */
    private RuntimeException failed(RuntimeException failure) {
        if (config.ranks().processes()) {
            closeRanks();
        }
        return config.ranks().processes() || threads.count() > 1 ? new RanksLost(failure) : failure;
    }

    /** What happens to ranks while they open is not the step's fault, so it is tried more than once. */
    private void reopen() {
        for (int tried = 1; ranks.isEmpty(); tried++) {
            try {
                openRanks();
            } catch (RuntimeException e) {
                if (tried == OPENINGS) {
                    throw new RanksLost(e, false);
                }
            }
        }
    }

    /** Runs {@code work} when the time is over, unless it is cancelled. */
    private Future<?> late(Duration time, Runnable work) {
        return watch.schedule(work, time.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void giveUp() {
        ranks.forEach(Rank::giveUp);
    }

    private void closeRanks() {
        ranks.forEach(Rank::close);
        ranks = List.of();
        collective.ifPresent(Collective::close);
        collective = Optional.empty();
    }

    @Override
    public void close() {
        closeRanks();
        threads.close();
        watch.shutdown();
    }
}
