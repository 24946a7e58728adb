package belle.runtime;

import belle.engine.Output;
import belle.proto.Check;
import belle.proto.FailureException;
import belle.proto.FinishReason;
import belle.proto.TokenLogprob;
import belle.proto.Tokens;
import belle.proto.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/** Collects a stream's outputs into a {@link Completion}. */
final class CompletionBuilder {
    private final LongSupplier clockNanos;
    private final long begunNanos;
    private final List<Part> parts = new ArrayList<>();
    private List<TokenLogprob> promptScores = List.of();
    private Optional<Long> firstTokenNanos = Optional.empty();
    private Optional<Usage> usage = Optional.empty();

    CompletionBuilder(int choices, LongSupplier clockNanos) {
        this.clockNanos = clockNanos;
        this.begunNanos = clockNanos.getAsLong();
        for (int choice = 0; choice < choices; choice++) {
            parts.add(new Part());
        }
    }

    /**
     * Takes the next output.
     *
     * @throws FailureException when it is the stream's failure
     */
    void add(Output output) {
        switch (output) {
            case Output.Token(var id, var _, var tokenId, var text, var logprob) -> {
                firstTokenNanos = firstTokenNanos.or(() -> Optional.of(clockNanos.getAsLong()));
                Part part = parts.get(id.choice());
                part.ids.add(tokenId);
                part.text.append(text);
                logprob.ifPresent(part.logprobs::add);
            }
            case Output.PromptScored(var _, var tokens) -> promptScores = tokens;
            case Output.Finished(var id, var text, var reason) -> {
                parts.get(id.choice()).text.append(text);
                parts.get(id.choice()).reason = Optional.of(reason);
            }
            case Output.Done(var _, var total) -> usage = Optional.of(total);
            case Output.Failed(var _, var failure) -> throw new FailureException(failure);
        }
    }

    boolean done() {
        return usage.isPresent();
    }

    Completion build() {
        Check.that(done(), "the stream has not ended");
        long end = clockNanos.getAsLong();
        long first = firstTokenNanos.orElse(end);
        return new Completion(
                parts.stream().map(Part::build).toList(),
                promptScores,
                usage.orElseThrow(),
                (first - begunNanos) / 1000,
                (end - first) / 1000);
    }

    private static final class Part {
        final List<Integer> ids = new ArrayList<>();
        final StringBuilder text = new StringBuilder();
        final List<TokenLogprob> logprobs = new ArrayList<>();
        Optional<FinishReason> reason = Optional.empty();

        Completion.Choice build() {
            return new Completion.Choice(
                    Tokens.of(ids.stream().mapToInt(Integer::intValue).toArray()),
                    text.toString(),
                    reason.orElseThrow(),
                    logprobs);
        }
    }
}
