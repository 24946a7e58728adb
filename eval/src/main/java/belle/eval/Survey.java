package belle.eval;

import belle.client.Answer;
import belle.client.Outcome;
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
import java.util.concurrent.CompletionStage;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;

/**
 * Asks a model about the items that a log has nothing of yet, several at once, and writes down what comes of each when it comes.
 *
 * @param settings what decides the entries: a log goes on only under equal ones
 * @param done whether an item's entry in the log stands
 * @param concurrency items at once
 */
record Survey<S, E extends Entry>(
        Path file,
        S settings,
        Class<S> settingsType,
        Class<E> entryType,
        BiPredicate<EvalItem, E> done,
        int concurrency) {
    /**
     * Asks.
     *
     * @param watcher hears how many items have an entry, when one more has
     * @return all entries, by the items' numbers
     * @throws FailureException when the server refuses, or the log cannot be gone on with
     */
    Map<Long, E> run(List<EvalItem> items, Function<EvalItem, CompletionStage<E>> ask, Consumer<Integer> watcher)
            throws IOException {
        Map<Long, E> entries = new TreeMap<>();
        try (var log =
                EntryLog.open(file, settings, settingsType, entryType, entry -> entries.put(entry.item(), entry))) {
            List<EvalItem> missing = new ArrayList<>(items);
            missing.removeIf(item -> {
                E entry = entries.get(item.number());
                return entry != null && entry.failure().isEmpty() && done.test(item, entry);
            });
            ActorSystem system = ActorSystem.create("eval");
            try {
                Source.from(missing)
                        .mapAsyncUnordered(concurrency, ask::apply)
                        .runWith(
                                Sink.foreach(entry -> {
                                    append(log, entry);
                                    entries.put(entry.item(), entry);
                                    watcher.accept(entries.size());
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
            return entries;
        }
    }

    private void append(EntryLog<S, E> log, E entry) {
        try {
            log.append(entry);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * What came of a question.
     *
     * @param answered hears the answer
     * @param failed hears why there is none
     * @throws FailureException when no other question would fare better
     */
    static <T> T result(Outcome outcome, Function<Answer, T> answered, Function<String, T> failed) {
        return switch (outcome) {
            case Outcome.Answered(Answer answer, int _) -> answered.apply(answer);
            case Outcome.Failed(String reason, int _) -> failed.apply(reason);
            case Outcome.Refused(String reason, int _) ->
                throw new FailureException(new Failure.Invalid("--base-url", reason));
            case Outcome.Unasked _ -> throw new FailureException(new Failure.Unavailable("the run was stopped"));
        };
    }
}
