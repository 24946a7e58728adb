package belle.journal;

import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.session.TurnView;
import belle.session.SessionJournal;
import belle.session.TurnLog;
import belle.session.TurnRow;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import kamon.Kamon;
import kamon.metric.Counter;
import org.apache.pekko.Done;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A journal in a relational database, through one connection of one thread. */
public final class JdbcJournal implements SessionJournal, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(JdbcJournal.class);
    private static final Counter UNWRITTEN =
            Kamon.counter("belle.journal.unwritten").withoutTags();

    /** H2 tells whether a file is still locked by how long its lock has been left alone, and may find out only seconds later. */
    private static final Duration RACE = Duration.ofSeconds(30);

    private static final int LEAST_RETRY_MILLIS = 50;
    private static final int MOST_RETRY_MILLIS = 500;

    private final JournalConfig config;
    private final JournalThread thread;

    private JdbcJournal(JournalConfig config, JournalThread thread) {
        this.config = config;
        this.thread = thread;
    }

    /**
     * Opens the journal, if there is to be one, and makes its table if need be. Takes as long as the database does, at most
     * about {@code write-timeout}; where others open it at the same time, half a minute.
     *
     * @throws FailureException when the settings are wrong or the database cannot be reached
     */
    public static Optional<JdbcJournal> open(JournalConfig config) {
        if (!config.on()) {
            return Optional.empty();
        }
        Database database = Database.of(config);
        Connection connection = open(database, config.writeTimeout());
        var thread = new JournalThread(
                database, connection, config.maxQueued(), config.writeTimeout(), config.checkInterval());
        thread.start();
        return Optional.of(new JdbcJournal(config, thread));
    }

    /** Of processes that open a database at the same moment one is the first; the others try again, each after another time. */
    private static Connection open(Database database, Duration limit) {
        long end = System.nanoTime() + RACE.toNanos();
        while (true) {
            try {
                Connection connection = database.connect(limit);
                TurnTable.create(connection, database.bytes());
                connection.commit();
                return connection;
            } catch (SQLException e) {
                if (!database.isRace(e) || System.nanoTime() > end) {
                    throw new FailureException(unreachable(database, e), e);
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(
                        ThreadLocalRandom.current().nextInt(LEAST_RETRY_MILLIS, MOST_RETRY_MILLIS)));
            }
        }
    }

    static Failure unreachable(Database database, SQLException cause) {
        String[] lines = String.valueOf(cause.getMessage()).split("\\R", 2);
        return new Failure.Unavailable("the journal of sessions (" + database.name() + ") cannot be used: " + lines[0]);
    }

    /** Has {@code listener} told, on another thread, whenever the database becomes reachable or unreachable. */
    public void onReachable(Consumer<Boolean> listener) {
        thread.listen(listener);
    }

    @Override
    public CompletionStage<Done> begin(TurnRow row) {
        return within(config.writeTimeout(), connection -> {
            TurnTable.insert(connection, row);
            return Done.done();
        });
    }

    @Override
    public CompletionStage<Done> claim(TurnRow row, long epoch) {
        return within(config.writeTimeout(), connection -> TurnTable.claim(connection, row, epoch))
                .thenApply(claimed -> {
                    if (!claimed) {
                        throw new FailureException(new Failure.Unavailable(
                                "another session goes on with stream " + row.request().stream() + "; try again"));
                    }
                    return Done.done();
                });
    }

    @Override
    public void finish(String stream, long epoch, long endedMillis, TurnLog log) {
        var _ = within(
                        config.finishTimeout(),
                        connection -> TurnTable.finish(connection, stream, epoch, endedMillis, log))
                .whenComplete((written, thrown) -> {
                    if (thrown != null) {
                        UNWRITTEN.increment();
                        LOG.warn("the end of {} is not in the journal: {}", stream, thrown.getMessage());
                    } else if (!written) {
                        LOG.info("the end of {} in epoch {} was not written: it is gone, or elsewhere", stream, epoch);
                    }
                });
    }

    @Override
    public void withdraw(String stream, long epoch) {
        var _ = within(config.finishTimeout(), connection -> TurnTable.withdraw(connection, stream, epoch));
    }

    @Override
    public CompletionStage<Optional<TurnRow>> find(String stream) {
        return within(config.writeTimeout(), connection -> TurnTable.find(connection, stream));
    }

    @Override
    public CompletionStage<List<TurnView>> turns(String session, Optional<String> tenant) {
        return within(config.writeTimeout(), connection -> TurnTable.turns(connection, session, tenant));
    }

    @Override
    public CompletionStage<Integer> delete(String session, Optional<String> tenant) {
        return within(config.writeTimeout(), connection -> TurnTable.delete(connection, session, tenant));
    }

    /** Removes sessions that began their last turn before {@code beforeMillis}; returns the number of turns, bounded. */
    CompletionStage<Integer> sweep(long beforeMillis) {
        return within(
                config.writeTimeout(), connection -> TurnTable.sweep(connection, beforeMillis, config.sweepTurns()));
    }

    /** Writes what is still to be written, for a moment, and closes the connection. */
    @Override
    public void close() {
        thread.close(config.writeTimeout());
    }

    private <T> CompletableFuture<T> within(Duration limit, JournalThread.Sql<T> sql) {
        return thread.submit(sql, System.nanoTime() + limit.toNanos());
    }
}
