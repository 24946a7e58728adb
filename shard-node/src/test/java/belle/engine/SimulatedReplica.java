package belle.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import belle.proto.Failure;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** An engine, its cache and its clients on simulated time. Steps fail, batch loops crash, clients come, stall and go. */
final class SimulatedReplica {
    private static final int REQUESTS = 24;

    private final Simulation simulation;
    private final int blocks;
    private final int blockTokens;
    private final EngineConfig config;
    private final KvCache cache;
    private final HashModel model;
    private final Map<GenerationRequest, Transcript> streams = new LinkedHashMap<>();
    private final Map<String, Transcript> open = new LinkedHashMap<>();
    private final Set<String> paused = new HashSet<>();
    /** Sequences that drew a token in the step before. */
    private final Set<SequenceId> drew = new HashSet<>();

    private final RandomRequests requests;
    private Engine engine;
    private Optional<Step> running = Optional.empty();

    SimulatedReplica(long seed) {
        simulation = new Simulation(seed, this::checkInvariants);
        requests = new RandomRequests(simulation);
        blockTokens = 1 + simulation.below(4);
        blocks = 1 + (24 + simulation.below(60)) / blockTokens;
        int sequences = 1 + simulation.below(8);
        config = new EngineConfig(
                sequences,
                simulation.below(30),
                sequences + simulation.below(20),
                1 + simulation.below(10),
                sequences + simulation.below(6),
                0,
                simulation.below(4));
        cache = new KvCache(blocks, blockTokens);
        model = new HashModel(blocks, blockTokens);
        engine = new Engine(config, Alone.MODEL, cache);
    }

    /** What every accepted stream was told. */
    Map<GenerationRequest, Transcript> streams() {
        return streams;
    }

    EngineLoad load() {
        return engine.load();
    }

    /** Lets everything happen, and checks that nothing is left behind. */
    void live() {
        for (int i = 0; i < REQUESTS; i++) {
            int number = i;
            simulation.within(2_000, () -> submit(number));
        }
        if (simulation.oneIn(4)) {
            simulation.within(2_000, this::crash);
        }
        simulation.run();
        assertThat(open).isEmpty();
        EngineLoad load = engine.load();
        assertThat(load.runningSequences() + load.waitingSequences() + load.pausedSequences())
                .isZero();
        assertThat(load.leasedBlocks()).isZero();
    }

    private void submit(int number) {
        GenerationRequest request = requests.next(number);
        Optional<Failure> refusal = engine.submit(request, 3);
        if (refusal.isPresent()) {
            checkRefusal(request, refusal.get());
            return;
        }
        var told = new Transcript();
        streams.put(request, told);
        open.put(request.stream(), told);
        if (simulation.oneIn(5)) {
            simulation.within(1_500, () -> cancel(request.stream()));
        }
        if (simulation.oneIn(4)) {
            simulation.within(1_000, () -> pause(request.stream()));
        }
        startStep();
    }

    private void cancel(String stream) {
        assertThat(engine.cancel(stream)).isEqualTo(open.remove(stream) != null);
        startStep();
    }

    private void pause(String stream) {
        engine.pause(stream);
        paused.add(stream);
        simulation.within(3_000, () -> {
            engine.resume(stream);
            paused.remove(stream);
            startStep();
        });
    }

    /** The batch loop dies, and with it all that it knew; another one borrows the cache. */
    private void crash() {
        Engine former = engine;
        running = Optional.empty();
        open.clear();
        paused.clear();
        cache.reclaim();
        engine = new Engine(config, Alone.MODEL, cache);
        assertThatIllegalStateException().isThrownBy(former::nextStep);
    }

    private void startStep() {
        if (running.isPresent()) {
            return;
        }
        running = engine.nextStep();
        running.ifPresent(step -> {
            checkLimits(step);
            boolean fails = simulation.oneIn(60);
            Supplier<Optional<Logits>> device = () -> fails ? spoil(step) : Optional.of(model.run(step));
            Supplier<Optional<Logits>> result = device;
            if (simulation.oneIn(2)) { // else it reads its blocks last of all, after requests have come and gone
                Optional<Logits> early = device.get();
                result = () -> early;
            }
            Supplier<Optional<Logits>> logits = result;
            simulation.within(60, () -> {
                if (running.equals(Optional.of(step))) { // it was not lost in a crash
                    stepOver(step, logits.get());
                }
            });
        });
    }

    private Optional<Logits> spoil(Step step) {
        model.spoil(step, simulation.bits());
        return Optional.empty();
    }

    private void stepOver(Step step, Optional<Logits> logits) {
        running = Optional.empty();
        List<Output> outputs = logits.map(rows -> engine.complete(step, rows))
                .orElseGet(() -> engine.failStep(step, new Failure.Internal("device lost")));
        drew.clear();
        for (Output output : outputs) {
            if (output instanceof Output.Token token) {
                drew.add(token.id());
            }
            Transcript told = open.get(output.stream());
            if (told == null) {
                throw new AssertionError("nobody waits for " + output);
            }
            told.add(output);
            if (told.ended()) {
                open.remove(output.stream());
            }
        }
        startStep();
    }

    private void checkInvariants() {
        cache.checkIntegrity();
        EngineLoad load = engine.load();
        if (load.freeBlocks() + load.leasedBlocks() + load.cachedBlocks() != blocks) {
            throw new AssertionError("blocks are missing: " + load);
        }
        if (running.isEmpty() && !paused.containsAll(open.keySet())) {
            throw new AssertionError("a stream waits, but no step runs: " + load);
        }
    }

    private void checkLimits(Step step) {
        int decodes = 0;
        int prefill = 0;
        Set<SequenceId> seen = new HashSet<>();
        for (Slice slice : step.slices()) {
            int count = slice.tokens().size();
            boolean decode = slice.certain() == 1;
            decodes += decode ? count : 0;
            prefill += decode ? 0 : count;
            assertThat(slice.guesses()).isLessThanOrEqualTo(decode ? config.lookupTokens() : 0);
            assertThat(paused).doesNotContain(slice.id().stream());
            assertThat(seen.add(slice.id())).isTrue();
            assertThat(slice.blocks().size() * blockTokens).isGreaterThanOrEqualTo(slice.past() + count);
        }
        assertThat(step.slices()).hasSizeBetween(1, config.maxSequences());
        assertThat(step.tokens()).isBetween(1, config.maxStepTokens()).isEqualTo(decodes + prefill);
        assertThat(step.logitRows()).isLessThanOrEqualTo(config.maxLogitRows());
        if (drew.contains(step.slices().getFirst().id())) {
            assertThat(prefill).isLessThanOrEqualTo(config.prefillTokensBesideDecodes());
        }
    }

    private void checkRefusal(GenerationRequest request, Failure refusal) {
        int wanted = request.prompt().size() + request.params().maxTokens();
        switch (refusal) {
            case Failure.TooLong tooLong -> assertThat(wanted).isGreaterThan(tooLong.contextTokens());
            case Failure.Overloaded overloaded -> {
                EngineLoad load = engine.load();
                int live = load.runningSequences() + load.waitingSequences() + load.pausedSequences();
                assertThat(live + request.params().n()).isGreaterThan(config.maxSequences() + config.maxWaiting());
                assertThat(overloaded.retryAfterSeconds()).isEqualTo(3);
            }
            case Failure.Invalid invalid -> assertThat(invalid.param()).isEqualTo("n");
            case Failure.UnknownModel _,
                    Failure.NotFound _,
                    Failure.Unavailable _,
                    Failure.Broken _,
                    Failure.Internal _ -> throw new AssertionError(refusal.message());
        }
    }
}
