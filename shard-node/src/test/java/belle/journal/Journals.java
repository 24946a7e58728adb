package belle.journal;

import belle.proto.FinishReason;
import belle.proto.Prompt;
import belle.proto.SamplingParams;
import belle.proto.TokenLogprob;
import belle.proto.Tokens;
import belle.proto.Usage;
import belle.proto.session.Progress;
import belle.proto.session.StreamEvent;
import belle.proto.session.StreamEvent.Indexed;
import belle.session.SessionJournal;
import belle.session.TurnLog;
import belle.session.TurnRequest;
import belle.session.TurnRow;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Journals, rows and logs for tests. */
public final class Journals {
    private Journals() {}

    /** Settings with short times. */
    static JournalConfig config(String url) {
        return new JournalConfig(
                url,
                "",
                "",
                Duration.ofDays(7),
                Duration.ofMinutes(1),
                2,
                100,
                Duration.ofSeconds(2),
                Duration.ofSeconds(20),
                Duration.ofMillis(50));
    }

    /** A journal in memory, which lives as long as the process. */
    public static SessionJournal inMemory(String name) {
        return JdbcJournal.open(config(memory(name))).orElseThrow();
    }

    static String memory(String name) {
        return "jdbc:h2:mem:" + name + ";DB_CLOSE_DELAY=-1";
    }

    static TurnRow row(String stream, String tenant, long begunMillis) {
        var params = new SamplingParams(
                9, 0.7, 3, 0.9, 0.01, 1.1, 0.5, 0.25, Map.of(7, -1.5), 1L << 52, 2, List.of("\n\n"), true, 2);
        var request = new TurnRequest(stream, "m", "b", new Prompt.Text("字\ud83d\ude00\u0000"), params, tenant, true);
        return new TurnRow(request, 1, begunMillis, Optional.empty(), Optional.empty());
    }

    /** Two choices, with everything that an event can have. */
    static TurnLog log(String stream) {
        var logprob = new TokenLogprob(4, "字", -0.5, List.of(new TokenLogprob.Alternative(5, "\u0000", -0.75)));
        List<Indexed> events = List.of(
                new StreamEvent.PromptScored(stream, 1, 0, List.of(new TokenLogprob(1, "a", Double.NaN, List.of()))),
                new StreamEvent.Delta(stream, 1, 1, 0, Tokens.of(4), "字", List.of(logprob)),
                new StreamEvent.Delta(stream, 1, 2, 1, Tokens.of(5), "", List.of()),
                new StreamEvent.Finished(stream, 1, 3, 0, "", FinishReason.STOP),
                new StreamEvent.Finished(stream, 1, 4, 1, "held", FinishReason.LENGTH),
                new StreamEvent.Done(stream, 1, 5, new Usage(3, 1, 2)));
        return new TurnLog(Progress.none(2), events);
    }

    static <T> T get(CompletionStage<T> stage) throws InterruptedException, ExecutionException, TimeoutException {
        return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    /** Counts the rows whose stream begins like this, as any SQL client would. */
    public static int rows(String url, String user, String streamPrefix) throws SQLException {
        try (var connection = DriverManager.getConnection(url, user, "");
                var query = connection.prepareStatement("SELECT COUNT(*) FROM belle_turn WHERE stream LIKE ?")) {
            query.setString(1, streamPrefix + "%");
            try (var rows = query.executeQuery()) {
                rows.next();
                return rows.getInt(1);
            }
        }
    }

    /** Counts the rows of a journal in memory. */
    public static int rows(String name, String streamPrefix) throws SQLException {
        return rows(memory(name), "", streamPrefix);
    }
}
