package belle.scaling;

import belle.engine.Engine;
import belle.engine.EngineConfig;
import belle.engine.EngineLoad;
import belle.engine.GenerationRequest;
import belle.engine.KvCache;
import belle.engine.Output;
import belle.engine.Step;
import belle.proto.Check;
import belle.proto.Failure;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** A node's real engine, whose steps take as long as the model says. It is told the time. */
final class SimulatedNode {
    private final String name;
    private final Engine engine;
    private final StepModel model;
    private final KvCache cache;
    private final EngineConfig config;
    private final Counts counts;
    private final Map<String, Life> lives = new LinkedHashMap<>();
    private Optional<Running> running = Optional.empty();

    /** The step under way. */
    private record Running(Step step, long nanos) {}

    /** A request's times. */
    private static final class Life {
        private final long arrival;
        private final int tokens;
        private long begun = -1;
        private long last = -1;

        Life(long arrival, int tokens) {
            this.arrival = arrival;
            this.tokens = tokens;
        }
    }

    SimulatedNode(String name, Replica replica, EngineConfig config, Counts counts) {
        this.name = name;
        this.config = config;
        this.counts = counts;
        this.model = replica.model();
        this.cache = new KvCache(replica.blocks(), replica.blockTokens());
        this.engine = new Engine(config, StandIn.facts(replica.contextTokens()), cache);
    }

    String name() {
        return name;
    }

    /** Streams that have not ended. */
    int streams() {
        return lives.size();
    }

    /** Accepts a request, or counts a refusal. */
    void submit(GenerationRequest request, long now) {
        var refusal = engine.submit(request, 1);
        if (refusal.isPresent()) {
            Check.that(
                    refusal.get() instanceof Failure.Overloaded,
                    "%s",
                    refusal.get().message());
            counts.refused(now);
        } else {
            lives.put(request.stream(), new Life(now, request.prompt().size()));
        }
    }

    /** Begins a step if none is under way and there is something to compute; returns when it will end. */
    Optional<Long> begin(long now) {
        if (running.isPresent()) {
            return Optional.empty();
        }
        Optional<Step> next = engine.nextStep();
        next.ifPresent(step -> {
            StepTime time = model.time(step);
            running = Optional.of(new Running(step, Math.max(1, Math.round(1e9 * time.total()))));
            step.slices().forEach(slice -> noteBegun(slice.id().stream(), now));
            counts.step(now, time, step.slices().size(), shortOf());
        });
        return running.map(step -> now + step.nanos());
    }

    private void noteBegun(String stream, long now) {
        Life life = lives.get(stream);
        if (life != null && life.begun < 0) {
            life.begun = now;
        }
    }

    /** What sequences wait for that are not in the step that has just been planned. */
    private Optional<Shortage> shortOf() {
        EngineLoad load = engine.load();
        if (load.waitingSequences() == 0) {
            return Optional.empty();
        }
        int room = load.freeBlocks() + load.cachedBlocks() - load.runningSequences();
        int wanted = lives.values().stream()
                .filter(life -> life.begun < 0)
                .mapToInt(life -> Math.ceilDiv(life.tokens, cache.blockTokens()))
                .findFirst()
                .orElse(Integer.MAX_VALUE); // Those that wait have been preempted.
        return Optional.of(
                load.runningSequences() < config.maxSequences() && room < wanted ? Shortage.CACHE : Shortage.QUEUE);
    }

    /** Ends the step under way. Returns how many streams ended with it. */
    int end(long now) {
        Running ended = running.orElseThrow();
        running = Optional.empty();
        int done = 0;
        for (Output output :
                engine.complete(ended.step(), new StandIn.Zeros(ended.step().logitRows()))) {
            switch (output) {
                case Output.Token token -> token(token, now);
                case Output.Done finished -> {
                    lives.remove(finished.stream());
                    done++;
                }
                case Output.Finished _, Output.PromptScored _ -> {}
                case Output.Failed failed ->
                    throw new IllegalStateException(failed.failure().message());
            }
        }
        engine.took(ended.step(), ended.nanos());
        return done;
    }

    private void token(Output.Token token, long now) {
        Life life = Objects.requireNonNull(lives.get(token.stream()), "a token of a stream that is not known");
        if (life.last < 0) {
            counts.firstToken(now, now - life.arrival);
        } else {
            counts.token(now, now - life.last);
        }
        life.last = now;
    }
}
