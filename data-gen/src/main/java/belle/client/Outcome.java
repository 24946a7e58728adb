package belle.client;

/** How a question ended; {@code requests} are those that it took, the failed ones too. */
public sealed interface Outcome {
    int requests();

    /** The model answered. */
    record Answered(Answer answer, int requests) implements Outcome {}

    /** No answer, after all tries: {@code reason} is one line. The next question may fare better. */
    record Failed(String reason, int requests) implements Outcome {}

    /** The server refuses every question of this kind (key, model, address); {@code reason} is one line. */
    record Refused(String reason, int requests) implements Outcome {}

    /** The budget was spent, or the client closed, before an answer came. */
    record Unasked(int requests) implements Outcome {}
}
