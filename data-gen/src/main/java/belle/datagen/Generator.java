package belle.datagen;

import belle.client.Budget;
import belle.client.ModelClient;
import belle.client.ModelServer;
import belle.client.Outcome;
import belle.client.Question;
import belle.client.Retries;
import belle.client.StreamSystem;
import belle.dataset.EntryLog;
import belle.dataset.ItemFile;
import belle.dataset.ItemWriter;
import belle.proto.Failure;
import belle.proto.FailureException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.SharedKillSwitch;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;

/**
 * A run: draws seed tasks, asks a model for more, keeps what is new, and writes all down as it goes.
 *
 * <p>Several draws are asked at once and decided in the order of their numbers: the same seed and the same answers give the same
 * file, however many are asked at once and however often the run was interrupted.
 */
public final class Generator {
    private static final int SYNC_EVERY = 100;

    private final Plan plan;
    private final Tally tally = new Tally();
    private final Histograms histograms = new Histograms();
    private final SharedKillSwitch stop = KillSwitches.shared("stop");
    private volatile boolean stopped;

    /**
     * What a run does.
     *
     * @param items wanted in all
     * @param output the JSON array; the log stands beside it as {@code OUTPUT.log}
     * @param question makes a draw's request of its prompt
     * @param tokenizer the tokens that similarity is told by
     * @param concurrency requests at once
     * @param mostFailures so many draws without an answer in a row end the run
     * @param maxRequests over all parts of the run
     * @param maxTokens likewise, prompts and answers
     */
    public record Plan(
            List<Item> seedTasks,
            String heading,
            RunSettings settings,
            int items,
            Path output,
            ModelServer server,
            Retries retries,
            Function<String, Question> question,
            Function<String, int[]> tokenizer,
            int concurrency,
            int mostFailures,
            long maxRequests,
            long maxTokens) {
        public Plan {
            seedTasks = List.copyOf(seedTasks);
        }
    }

    /** Why a run ended. */
    public enum End {
        /** All items are there. */
        COMPLETE,
        /** The budget is spent. */
        BUDGET,
        /** {@link Generator#stop} was called. */
        STOPPED
    }

    public Generator(Plan plan) {
        this.plan = plan;
    }

    /** What the run came to so far. */
    public Tally tally() {
        return tally;
    }

    /** Ends the run as soon as the draw at hand is decided; requests under way are given up. For any thread. */
    public void stop() {
        stopped = true;
        stop.shutdown();
    }

    /**
     * Goes on where an earlier run with the same output stopped. Writes the output whenever it returns or fails.
     *
     * @param watcher hears of every draw when it is decided
     * @throws FailureException when the server refuses or does not answer, or the log cannot be gone on with
     */
    public End run(RandomGenerator random, Consumer<Draw> watcher) throws IOException {
        Path logFile = plan.output.resolveSibling(plan.output.getFileName() + ".log");
        var selection = new Selection(plan.seedTasks, plan.tokenizer, plan.settings.limit(), plan.items);
        try (EntryLog<RunSettings, Draw> log =
                EntryLog.open(logFile, plan.settings, RunSettings.class, Draw.class, draw -> {
                    selection.learn(draw);
                    tally.add(draw);
                })) {
            var budget = new Budget(plan.maxRequests, plan.maxTokens, tally.requests(), tally.tokens());
            try (var client = new ModelClient(plan.server, plan.retries, budget, random, Clock.systemUTC())) {
                return drawAll(log, selection, client, watcher);
            } finally {
                log.sync();
                writeOutput(log);
            }
        }
    }

    /** Histograms of what is in the output, once {@link #run} has written it. */
    public Histograms histograms() {
        return histograms;
    }

    private void writeOutput(EntryLog<RunSettings, Draw> log) throws IOException {
        try (var writer = new ItemWriter(plan.output, ItemFile.Layout.ARRAY)) {
            log.entries(draw -> {
                for (Kept item : draw.kept()) {
                    writer.write(item);
                    histograms.add(item);
                }
            });
            writer.finish();
        }
    }

    private End drawAll(
            EntryLog<RunSettings, Draw> log, Selection selection, ModelClient client, Consumer<Draw> watcher) {
        if (selection.isComplete()) {
            return End.COMPLETE;
        }
        var prompt = new GenerationPrompt(plan.heading, plan.seedTasks, plan.settings.examples(), plan.settings.seed());
        var decisions = new Decisions(log, selection, watcher);
        ActorSystem system = StreamSystem.start("data-gen");
        try {
            Source.fromIterator(
                            () -> LongStream.iterate(tally.draws(), n -> n + 1).iterator())
                    .mapAsync(
                            plan.concurrency,
                            number -> client.ask(plan.question.apply(prompt.of(number)))
                                    .thenApply(outcome -> new Asked(number, outcome)))
                    .via(stop.flow())
                    .takeWhile(decisions::take)
                    .runWith(Sink.ignore(), system)
                    .toCompletableFuture()
                    .join();
        } catch (CompletionException e) {
            Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
            throw cause instanceof RuntimeException known ? known : new IllegalStateException(cause);
        } finally {
            system.terminate();
        }
        return selection.isComplete() ? End.COMPLETE : stopped ? End.STOPPED : End.BUDGET;
    }

    private record Asked(long number, Outcome outcome) {}

    /** Takes outcomes in the order of their draws. */
    private final class Decisions {
        private final EntryLog<RunSettings, Draw> log;
        private final Selection selection;
        private final Consumer<Draw> watcher;
        private int failuresInARow;

        Decisions(EntryLog<RunSettings, Draw> log, Selection selection, Consumer<Draw> watcher) {
            this.log = log;
            this.selection = selection;
            this.watcher = watcher;
        }

        /** Returns whether there is more to take. */
        boolean take(Asked asked) {
            switch (asked.outcome()) {
                case Outcome.Answered(var answer, int requests) -> {
                    failuresInARow = 0;
                    write(selection.decide(asked.number(), answer, requests));
                }
                case Outcome.Failed(String reason, int requests) -> {
                    write(new Draw(asked.number(), List.of(), Map.of(), 0, 0, requests, reason));
                    failuresInARow++;
                    if (failuresInARow >= plan.mostFailures) {
                        throw new FailureException(new Failure.Unavailable(failuresInARow
                                + " draws in a row without an answer, the last one because of " + reason));
                    }
                }
                case Outcome.Refused(String reason, int _) ->
                    throw new FailureException(new Failure.Invalid("--base-url", reason));
                case Outcome.Unasked _ -> {
                    return false;
                }
            }
            return !selection.isComplete();
        }

        private void write(Draw draw) {
            try {
                log.append(draw);
                if (draw.number() % SYNC_EVERY == SYNC_EVERY - 1) {
                    log.sync();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            tally.add(draw);
            watcher.accept(draw);
        }
    }
}
