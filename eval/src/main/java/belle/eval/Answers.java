package belle.eval;

import belle.client.ModelClient;
import belle.client.Outcome;
import belle.client.Question;
import belle.dataset.EntryLog;
import belle.proto.Failure;
import belle.proto.FailureException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;

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
        Map<Long, Reply> replies = new TreeMap<>();
        try (var log =
                EntryLog.open(file, settings, Settings.class, Reply.class, reply -> replies.put(reply.item(), reply))) {
            List<EvalItem> missing = new ArrayList<>(items);
            missing.removeIf(item -> {
                Reply reply = replies.get(item.number());
                return reply != null && reply.failure().isEmpty();
            });
            ActorSystem system = ActorSystem.create("eval");
            try {
                Source.from(missing)
                        .mapAsyncUnordered(
                                concurrency,
                                item -> client.ask(question.apply(item.question()))
                                        .thenApply(outcome -> reply(item, outcome)))
                        .runWith(
                                Sink.foreach(reply -> {
                                    append(log, reply);
                                    replies.put(reply.item(), reply);
                                    watcher.accept(replies.size());
                                }),
                                system)
                        .toCompletableFuture()
                        .join();
            } catch (CompletionException e) {
                throw e.getCause() instanceof RuntimeException known ? known : e;
            } finally {
                system.terminate();
            }
            log.sync();
            return replies;
        }
    }

    /** Reads a file of answers, whatever its settings. */
    public static Map<Long, Reply> read(Path file) throws IOException {
        Map<Long, Reply> replies = new TreeMap<>();
        EntryLog.read(file, Settings.class, Reply.class, reply -> replies.put(reply.item(), reply));
        return replies;
    }

    private static Reply reply(EvalItem item, Outcome outcome) {
        return switch (outcome) {
            case Outcome.Answered(var answer, int _) ->
                new Reply(item.number(), answer.text(), answer.finishReason(), "");
            case Outcome.Failed(String reason, int _) -> new Reply(item.number(), "", "", reason);
            case Outcome.Refused(String reason, int _) ->
                throw new FailureException(new Failure.Invalid("--base-url", reason));
            case Outcome.Unasked _ -> throw new FailureException(new Failure.Unavailable("the run was stopped"));
        };
    }

    private static void append(EntryLog<Settings, Reply> log, Reply reply) {
        try {
            log.append(reply);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
