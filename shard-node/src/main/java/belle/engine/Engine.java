package belle.engine;

import belle.proto.Check;
import belle.proto.Failure;
import belle.proto.FinishReason;
import belle.proto.SamplingParams;
import belle.proto.TokenLogprob;
import belle.proto.TokenLogprob.Alternative;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Continuous batching of one model: requests in, steps out, logits in, text out.
 *
 * <p>Pure: no clock, no thread, no I/O. The same calls in the same order give the same results. One owner calls it; only
 * the {@link Step} it hands out may be read elsewhere while it runs.
 *
 * <p>{@link Scheduler} decides what is computed and where it is kept; {@link Sampler} draws; {@link Choice} cuts the text.
 */
public final class Engine {
    private final EngineConfig config;
    private final ModelFacts model;
    private final int contextTokens;
    private final Scheduler scheduler;
    private final Sampler sampler;
    private final Scoring scoring;
    private final float[] row;
    private final Map<String, Generation> generations = new LinkedHashMap<>();
    private final List<Output> settled = new ArrayList<>();
    private long arrivals;

    /** Makes an idle engine that leases blocks from {@code cache}, on which nobody else may hold leases. */
    public Engine(EngineConfig config, ModelFacts model, KvCache cache) {
        this.config = config;
        this.model = model;
        contextTokens = (int) Math.min(model.contextTokens(), (long) cache.blocks() * cache.blockTokens());
        scheduler = new Scheduler(config, cache);
        sampler = new Sampler(model.tokens());
        scoring = new Scoring(model);
        row = new float[model.vocabulary()];
    }

    /** Most tokens of one sequence, prompt and output: the model's context or the whole pool, whichever is smaller. */
    public int contextTokens() {
        return contextTokens;
    }

    /**
     * Accepts a request, or returns why not; a refused request leaves no trace.
     *
     * <p>Refused are an empty prompt, ids outside the vocabulary, parameters out of range, a stream's name in use ({@code
     * Invalid}), prompt and {@code maxTokens} beyond {@link #contextTokens()} ({@code TooLong}), and a full queue ({@code
     * Overloaded}).
     *
     * @param retryAfterSeconds what {@code Overloaded} should advise
     */
    public Optional<Failure> submit(GenerationRequest request, int retryAfterSeconds) {
        Optional<Failure> problem = RequestRules.problem(request, config, model, contextTokens);
        if (problem.isPresent()) {
            return problem;
        }
        if (generations.containsKey(request.stream())) {
            return Optional.of(new Failure.Invalid("stream", "stream " + request.stream() + " has not ended yet"));
        }
        int sequences = request.params().n();
        if (sequences > scheduler.room()) {
            int most = config.maxSequences() + config.maxWaiting();
            String message = "the queue is full: " + (most - scheduler.room()) + " of " + most + " places are taken, "
                    + sequences + " more were asked for";
            return Optional.of(new Failure.Overloaded(message, retryAfterSeconds));
        }
        var generation = new Generation(request, model, arrivals);
        arrivals += sequences;
        if (request.scoresPrompt()) {
            generation.scored.add(scoring.entry(request.prompt().get(0), Double.NaN, List.of()));
        }
        generations.put(request.stream(), generation);
        if (request.given().isEmpty()) {
            scheduler.submit(generation.first());
        } else {
            generation.live().forEach(scheduler::submit);
            settleEnded(generation);
        }
        return Optional.empty();
    }

    /** Returns, once, what streams learn without a step: the end of choices that had ended before they were submitted. */
    public List<Output> takeSettled() {
        List<Output> outputs = List.copyOf(settled);
        settled.clear();
        return outputs;
    }

    private void settleEnded(Generation generation) {
        for (Choice choice : generation.choices) {
            choice.restoredEnd()
                    .ifPresent(reason -> settled.add(new Output.Finished(choice.id(), choice.finish(), reason)));
        }
        endIfDone(generation, settled);
    }

    /**
     * Ends a stream without another output. Its blocks are free at once, or when the step in flight is over.
     *
     * @return whether the stream was known
     */
    public boolean cancel(String stream) {
        Generation generation = generations.remove(stream);
        if (generation == null) {
            return false;
        }
        generation.live().forEach(scheduler::end);
        return true;
    }

    /** Computes nothing more for a stream until it is resumed. It keeps its blocks unless others need them. */
    public void pause(String stream) {
        setPaused(stream, true);
    }

    /** Goes on with a paused stream. Unknown and running streams are left alone. */
    public void resume(String stream) {
        setPaused(stream, false);
    }

    /** Returns the step to run now; empty while one is in flight or nothing can be computed. */
    public Optional<Step> nextStep() {
        return scheduler.nextStep();
    }

    /**
     * Applies the logits of the step in flight.
     *
     * @return what its streams learn, in the order of the slices
     */
    public List<Output> complete(Step step, Logits logits) {
        Check.that(
                logits.rows() == step.logitRows() && logits.vocabulary() == model.vocabulary(),
                "logits of %s rows by %s for a step of %s rows by %s",
                logits.rows(),
                logits.vocabulary(),
                step.logitRows(),
                model.vocabulary());
        List<Sequence> sequences = scheduler.complete(step);
        List<Output> outputs = new ArrayList<>(2 * sequences.size());
        int firstRow = 0;
        for (int i = 0; i < sequences.size(); i++) {
            take(step.slices().get(i), sequences.get(i), logits, firstRow, outputs);
            firstRow += step.slices().get(i).logitRows();
        }
        scheduler.checkBooks();
        return outputs;
    }

    /** Applies a slice's logits, those behind a guess only if it is what was drawn. */
    private void take(Slice slice, Sequence sequence, Logits logits, int firstRow, List<Output> outputs) {
        int right = 0;
        for (int row = 0; row < slice.logitRows() && !sequence.ended; row++) {
            int at = slice.tokens().size() - slice.logitRows() + row;
            if (at >= slice.certain()) {
                if (sequence.history.get(slice.past() + at) != slice.tokens().get(at)) {
                    break;
                }
                right++;
            }
            take(slice.id(), slice.past() + at, logits, firstRow + row, outputs);
        }
        if (right > 0 && !sequence.ended) {
            scheduler.guessed(sequence, right);
        }
    }

    /** Notes how long a step took. It decides how long a prompt's next chunk is, and no token. */
    public void took(Step step, long nanos) {
        scheduler.took(step, nanos);
    }

    /** Ends every stream of the step in flight with {@code failure}; the others go on. */
    public List<Output> failStep(Step step, Failure failure) {
        List<Output> outputs = new ArrayList<>();
        for (Sequence sequence : scheduler.fail(step)) {
            if (!sequence.ended) {
                fail(generation(sequence.id), failure, outputs);
            }
        }
        scheduler.checkBooks();
        return outputs;
    }

    /** Returns what the engine holds now. */
    public EngineLoad load() {
        int paused = 0;
        for (Generation generation : generations.values()) {
            for (Sequence sequence : generation.live()) {
                paused += sequence.paused ? 1 : 0;
            }
        }
        return scheduler.load(paused);
    }

    private void setPaused(String stream, boolean paused) {
        Generation generation = generations.get(stream);
        if (generation != null) {
            generation.live().forEach(sequence -> sequence.paused = paused);
        }
    }

    /** Applies the logits of one position: they score the prompt's next token, or draw a new one. */
    private void take(SequenceId id, int position, Logits logits, int at, List<Output> outputs) {
        Generation generation = generation(id);
        Choice choice = generation.choices.get(id.choice());
        if (position + 1 < choice.sequence.history.size()) {
            score(generation, position + 1, logits, at, outputs);
            return;
        }
        if (choice.generated() == 0 && !generation.scored.isEmpty() && id.choice() == 0) {
            outputs.add(new Output.PromptScored(id.stream(), generation.scored));
        }
        if (generation.request.params().maxTokens() == 0) {
            finish(generation, choice, FinishReason.LENGTH, outputs);
        } else {
            draw(generation, choice, logits, at, outputs);
        }
    }

    private void score(Generation generation, int position, Logits logits, int at, List<Output> outputs) {
        int id = generation.request.prompt().get(position);
        logits.copyRow(at, row);
        double logSumExp = scoring.logSumExp(row);
        if (Double.isNaN(logSumExp)) {
            fail(generation, notANumber(), outputs);
            return;
        }
        int alternatives = generation.request.params().topLogprobs();
        List<Alternative> best = scoring.best(row, alternatives, logSumExp);
        generation.scored.add(scoring.entry(id, row[id] - logSumExp, best));
    }

    private void draw(Generation generation, Choice choice, Logits logits, int at, List<Output> outputs) {
        SamplingParams params = generation.request.params();
        boolean reports = params.topLogprobs() >= 0;
        logits.copyRow(at, row);
        double logSumExp = reports ? scoring.logSumExp(row) : Double.NaN;
        List<Alternative> best = scoring.best(row, params.topLogprobs(), logSumExp);
        choice.adjustment.apply(row);
        int id = sampler.draw(row, params, choice.id().choice(), choice.sequence.history.size());
        if (id == Sampler.NOTHING) {
            fail(generation, notANumber(), outputs);
            return;
        }
        Optional<TokenLogprob> logprob =
                reports ? Optional.of(scoring.entry(id, logits.at(at, id) - logSumExp, best)) : Optional.empty();
        int index = choice.generated();
        String text = choice.append(id);
        outputs.add(new Output.Token(choice.id(), index, id, text, logprob));
        choice.ending(id).ifPresent(reason -> finish(generation, choice, reason, outputs));
    }

    private void finish(Generation generation, Choice choice, FinishReason reason, List<Output> outputs) {
        scheduler.end(choice.sequence);
        outputs.add(new Output.Finished(choice.id(), choice.finish(), reason));
        endIfDone(generation, outputs);
    }

    private void endIfDone(Generation generation, List<Output> outputs) {
        if (generation.live().isEmpty()) {
            generations.remove(generation.request.stream());
            outputs.add(new Output.Done(generation.request.stream(), generation.usage()));
        }
    }

    private void fail(Generation generation, Failure failure, List<Output> outputs) {
        generation.live().forEach(scheduler::end);
        generations.remove(generation.request.stream());
        outputs.add(new Output.Failed(generation.request.stream(), failure));
    }

    private Generation generation(SequenceId id) {
        Generation generation = generations.get(id.stream());
        if (generation == null) {
            throw new IllegalStateException(id + " is live, but its stream is unknown");
        }
        return generation;
    }

    private static Failure notANumber() {
        return new Failure.Internal("the model's logits hold a value that is not a number");
    }
}
