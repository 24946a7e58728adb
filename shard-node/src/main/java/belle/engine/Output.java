package belle.engine;

import belle.proto.Failure;
import belle.proto.FinishReason;
import belle.proto.TokenLogprob;
import belle.proto.Usage;
import java.util.List;
import java.util.Optional;

/** What a stream learns from a step. A stream that is not cancelled ends with exactly one {@code Done} or {@code Failed}. */
public sealed interface Output {
    /** The stream that this is for. */
    String stream();

    /**
     * One generated token, an end token included.
     *
     * @param index counts the choice's tokens from 0
     * @param text newly complete text; empty while half a character or a possible stop string is held back
     * @param logprob present when the request asked for log-probabilities
     */
    record Token(SequenceId id, int index, int tokenId, String text, Optional<TokenLogprob> logprob) implements Output {
        @Override
        public String stream() {
            return id.stream();
        }
    }

    /** The prompt's tokens when echo was asked for, before the first token; the first has no log-probability (NaN). */
    record PromptScored(String stream, List<TokenLogprob> tokens) implements Output {
        public PromptScored {
            tokens = List.copyOf(tokens);
        }
    }

    /** A choice ended. {@code text} is what was still held back. */
    record Finished(SequenceId id, String text, FinishReason reason) implements Output {
        @Override
        public String stream() {
            return id.stream();
        }
    }

    /** All choices ended. The last output of a good stream. */
    record Done(String stream, Usage usage) implements Output {}

    /** The stream broke off, with all its choices. The last output. */
    record Failed(String stream, Failure failure) implements Output {}
}
