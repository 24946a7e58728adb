package belle.runtime;

import belle.engine.Engine;
import belle.engine.EngineConfig;
import belle.engine.EngineLoad;
import belle.engine.GenerationRequest;
import belle.engine.KvCache;
import belle.engine.Logits;
import belle.engine.ModelFacts;
import belle.engine.Output;
import belle.engine.Step;
import belle.proto.Check;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.SamplingParams;
import belle.proto.TokenLogprob;
import belle.proto.Tokens;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/** The engine and a rank in a plain loop: what commands and tests use in place of the actors. For one thread. */
public final class LocalGenerator {
    private final Engine engine;
    private final StepRunner runner;
    private long streams;

    /**
     * A generator over parts that the caller owns and closes.
     *
     * @param cache the books of the pool that {@code runner} works on
     */
    public LocalGenerator(EngineConfig config, ModelFacts facts, KvCache cache, StepRunner runner) {
        this.engine = new Engine(config, facts, cache);
        this.runner = runner;
    }

    /** A generator on a model, which the caller closes. */
    public static LocalGenerator of(OpenModel model, EngineConfig config) {
        return new LocalGenerator(config, model.facts(), model.emptyCache(), model.runner());
    }

    /** Most tokens of one sequence, prompt and output. */
    public int contextTokens() {
        return engine.contextTokens();
    }

    /** Returns what the engine holds and has done. */
    public EngineLoad load() {
        return engine.load();
    }

    /**
     * Computes one request to its end.
     *
     * @param listener hears every output as it comes
     * @throws FailureException when the request is refused or breaks off
     */
    public Completion generate(Tokens prompt, SamplingParams params, boolean echoPrompt, Consumer<Output> listener) {
        return generateAll(List.of(new GenerationRequest(nextStream(), prompt, params, "local", echoPrompt)), listener)
                .getFirst();
    }

    /**
     * Computes requests together, in shared steps.
     *
     * @return one completion per request, in their order
     * @throws FailureException when one is refused or breaks off
     */
    public List<Completion> generateAll(List<GenerationRequest> requests, Consumer<Output> listener) {
        Map<String, CompletionBuilder> builders = new LinkedHashMap<>();
        for (GenerationRequest request : requests) {
            submit(request);
            builders.put(
                    request.stream(), new CompletionBuilder(request.params().n(), System::nanoTime));
        }
        while (!builders.values().stream().allMatch(CompletionBuilder::done)) {
            for (Output output : step()) {
                Objects.requireNonNull(builders.get(output.stream())).add(output);
                listener.accept(output);
            }
        }
        return builders.values().stream().map(CompletionBuilder::build).toList();
    }

    /** Returns the prompt's tokens with their log-probabilities; the first has none (NaN). At least one id. */
    public List<TokenLogprob> score(Tokens ids) {
        SamplingParams nothing = new SamplingParams(0, 0, 0, 1, 0, 1, 0, 0, Map.of(), 0, 0, List.of(), false, 1);
        return generate(ids, nothing, true, _ -> {}).promptScores();
    }

    /** Returns the rows of logits after each of the prompt's ids: {@code [ids.size()][V]}. */
    public List<float[]> promptLogits(Tokens ids) {
        submit(new GenerationRequest(nextStream(), ids, SamplingParams.greedy(1), "local", true));
        List<float[]> rows = new ArrayList<>();
        for (Optional<Step> step = engine.nextStep(); step.isPresent(); step = engine.nextStep()) {
            Logits logits = runner.run(step.get());
            for (int row = 0; row < logits.rows(); row++) {
                float[] copy = new float[logits.vocabulary()];
                logits.copyRow(row, copy);
                rows.add(copy);
            }
            engine.complete(step.get(), logits);
        }
        return rows;
    }

    /** Accepts a request whose outputs {@link #step()} then gives. */
    public void submit(GenerationRequest request) {
        Optional<Failure> refusal = engine.submit(request, 1);
        refusal.ifPresent(failure -> {
            throw new FailureException(failure);
        });
    }

    /**
     * Runs one step and returns its outputs. There must be something to compute.
     *
     * @throws FailureException when ranks lose their caches, after which this generator is of no use any more
     */
    public List<Output> step() {
        Optional<Step> next = engine.nextStep();
        Check.that(next.isPresent(), "nothing is left to compute");
        Step step = next.orElseThrow();
        try {
            return engine.complete(step, runner.run(step));
        } catch (RanksLost e) {
            throw new FailureException(new Failure.Unavailable(String.valueOf(e.getMessage())), e);
        } catch (FailureException e) {
            return engine.failStep(step, e.failure());
        }
    }

    private String nextStream() {
        return "local-" + streams++;
    }
}
