package belle.faults.history;

import java.util.List;

/**
 * All that a request says, however it comes: in pieces or at once.
 *
 * @param choices by number
 * @param promptTokens tokens of the prompt, or -1 where no usage was asked for
 * @param completionTokens tokens of all choices, or -1
 */
public record Answer(List<Choice> choices, int promptTokens, int completionTokens) {
    /** Where no usage was asked for. */
    public static final int UNKNOWN = -1;

    /**
     * One choice.
     *
     * @param logprobs one JSON text a token, as the server wrote it; empty where none were asked for
     * @param reason why it ended
     */
    public record Choice(String text, List<String> logprobs, String reason) {
        public Choice {
            logprobs = List.copyOf(logprobs);
        }
    }

    public Answer {
        choices = List.copyOf(choices);
    }
}
