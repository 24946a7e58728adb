package belle.engine;

import belle.proto.Failure;
import java.util.List;
import java.util.Optional;

/**
 * Continuous batching of one model: requests in, steps out, logits in, text out.
 *
 * <p>Pure: no clock, no thread, no I/O. The same calls in the same order give the same results. One owner calls it; only
 * the {@link Step} it hands out may be read elsewhere while it runs.
 */
@SuppressWarnings("DoNotCallSuggester")
public final class Engine {
    /** Makes an idle engine that leases blocks from {@code cache}, on which nobody else may hold leases. */
    @SuppressWarnings("UnusedVariable")
    public Engine(EngineConfig config, ModelFacts model, KvCache cache) {}

    /** Most tokens of one sequence, prompt and output: the model's context or the whole pool, whichever is smaller. */
    public int contextTokens() {
        throw new UnsupportedOperationException();
    }

    /**
     * Accepts a request, or returns why not; a refused request leaves no trace.
     *
     * <p>Refused are an empty prompt, ids outside the vocabulary, parameters out of range ({@code Invalid}), prompt and
     * {@code maxTokens} beyond {@link #contextTokens()} ({@code TooLong}), and a full queue ({@code Overloaded}).
     *
     * @param retryAfterSeconds what {@code Overloaded} should advise
     */
    public Optional<Failure> submit(GenerationRequest request, int retryAfterSeconds) {
        throw new UnsupportedOperationException();
    }

    /**
     * Ends a stream without another output. Its blocks are free at once, or when the step in flight is over.
     *
     * @return whether the stream was known
     */
    public boolean cancel(String stream) {
        throw new UnsupportedOperationException();
    }

    /** Computes nothing more for a stream until it is resumed. It keeps its blocks unless others need them. */
    public void pause(String stream) {
        throw new UnsupportedOperationException();
    }

    /** Goes on with a paused stream. Unknown and running streams are left alone. */
    public void resume(String stream) {
        throw new UnsupportedOperationException();
    }

    /** Returns the step to run now; empty while one is in flight or nothing can be computed. */
    public Optional<Step> nextStep() {
        throw new UnsupportedOperationException();
    }

    /** Applies the logits of the step in flight. */
    public List<Output> complete(Step step, Logits logits) {
        throw new UnsupportedOperationException();
    }

    /** Ends every stream of the step in flight with {@code failure}; the others go on. */
    public List<Output> failStep(Step step, Failure failure) {
        throw new UnsupportedOperationException();
    }

    /** Returns what the engine holds now. */
    public EngineLoad load() {
        throw new UnsupportedOperationException();
    }
}
