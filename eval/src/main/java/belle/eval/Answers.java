package belle.eval;

import belle.client.ModelClient;
import belle.client.Outcome;
import belle.client.Question;
import belle.dataset.EntryLog;
import belle.proto.FailureException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A model's answers to a set, in a file that a run which was killed goes on from. A question without an answer is asked again by
 * the next run.
 */
public final class Answers {
    private Answers() {}

    /**
     * What decides the answers: a file cannot be gone on with under other ones.
     *
     * @param set a hash of the set's file
     * @param request model, call and sampling, as one line
     */
    public record Settings(String set, String request) {}

    /**
     * Asks what the file does not answer yet.
     *
     * @param watcher hears how many questions are answered, when one more is
     * @return all replies, by the questions' numbers
     * @throws FailureException when the server refuses, or the file cannot be gone on with
     */
    public static Map<Long, Reply> run(
            List<EvalItem> items,
            Path file,
            Settings settings,
            ModelClient client,
            Function<String, Question> question,
            int concurrency,
            Consumer<Integer> watcher)
            throws IOException {
        return new Survey<>(file, settings, Settings.class, Reply.class, (_, _) -> true, concurrency)
                .run(
                        items,
                        item -> client.ask(question.apply(item.question())).thenApply(outcome -> reply(item, outcome)),
                        watcher);
    }

    /** Reads the answers into {@code replies}, whatever their settings. */
    static Settings read(Path file, Map<Long, Reply> replies) throws IOException {
        return EntryLog.read(file, Settings.class, Reply.class, reply -> replies.put(reply.item(), reply));
    }

    private static Reply reply(EvalItem item, Outcome outcome) {
        return Survey.result(
                outcome,
                answer -> new Reply(item.number(), answer.text(), answer.finishReason(), ""),
                reason -> new Reply(item.number(), "", "", reason));
    }
}
