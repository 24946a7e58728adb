package belle.runtime;

import belle.proto.FinishReason;
import belle.proto.TokenLogprob;
import belle.proto.Tokens;
import belle.proto.Usage;
import java.util.List;

/**
 * What one request gave.
 *
 * @param promptScores the prompt's own log-probabilities when they were asked for, else empty
 * @param promptMicros until the first token, or until the end when there is none
 * @param decodeMicros from the first token to the end
 */
public record Completion(
        List<Choice> choices, List<TokenLogprob> promptScores, Usage usage, long promptMicros, long decodeMicros) {
    public Completion {
        choices = List.copyOf(choices);
        promptScores = List.copyOf(promptScores);
    }

    /**
     * One continuation.
     *
     * @param ids generated tokens, the end token included
     * @param logprobs one per id when asked for, else empty
     */
    public record Choice(Tokens ids, String text, FinishReason reason, List<TokenLogprob> logprobs) {
        public Choice {
            logprobs = List.copyOf(logprobs);
        }
    }
}
