package belle.eval;

/**
 * What a model said to a question.
 *
 * @param item the question's number
 * @param finishReason as the server told it; empty where there is no answer
 * @param failure why there is no answer; empty if there is one
 */
public record Reply(long item, String answer, String finishReason, String failure) implements Entry {
    /** Whether the model said anything at all. */
    boolean answers() {
        return failure.isEmpty() && !answer.isBlank();
    }
}
