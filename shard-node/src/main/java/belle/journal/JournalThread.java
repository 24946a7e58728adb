package belle.journal;

import belle.proto.Failure;
import belle.proto.FailureException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does all SQL of a journal, in the order in which it was asked for. Whatever waits when a transaction begins is part of it,
 * so that many sessions share the cost of a commit. While the database is away, work waits until its own deadline.
 */
final class JournalThread {
    /** Some SQL on a connection; it may be done again when its transaction failed. */
    @FunctionalInterface
    interface Sql<T> {
        T run(Connection connection) throws SQLException;
    }

    private static final class Work<T> {
        private final Sql<T> sql;
        private final long deadlineNanos;
        private final CompletableFuture<T> done = new CompletableFuture<>();
        private @Nullable T result;
        private boolean tried;

        Work(Sql<T> sql, long deadlineNanos) {
            this.sql = sql;
            this.deadlineNanos = deadlineNanos;
        }

        void run(Connection connection) throws SQLException {
            result = sql.run(connection);
        }

        @SuppressWarnings("NullAway") // A result of null is one that the SQL returned.
        void committed() {
            done.complete(result);
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(JournalThread.class);
    private static final int MOST_TOGETHER = 256;

    /** Classes of SQLSTATE: integrity constraint violation, data exception. */
    private static final String DUPLICATE = "23";

    private static final String BAD_DATA = "22";
    private static final long RETRY_MILLIS = 200;

    private final Database database;
    private final BlockingQueue<Work<?>> queue;
    private final Duration patience;
    private final Duration checkInterval;
    private final Thread thread =
            Thread.ofPlatform().daemon().name("belle-journal").unstarted(this::loop);
    private final List<Consumer<Boolean>> listeners = new ArrayList<>();
    private final List<Work<?>> pending = new ArrayList<>();
    private @Nullable Connection connection;
    private volatile Optional<Failure> away = Optional.empty();
    private volatile long awaySinceNanos;
    private volatile boolean closing;

    /** @param patience how long the database may be away before new work is refused at once */
    JournalThread(Database database, Connection connection, int maxQueued, Duration patience, Duration checkInterval) {
        this.patience = patience;
        this.database = database;
        this.connection = connection;
        this.queue = new ArrayBlockingQueue<>(maxQueued);
        this.checkInterval = checkInterval;
    }

    void start() {
        thread.start();
    }

    synchronized void listen(Consumer<Boolean> listener) {
        listeners.add(listener);
    }

    /** Has {@code sql} run and committed. Fails once {@code deadlineNanos} is over, or at once when there is no room. */
    <T> CompletableFuture<T> submit(Sql<T> sql, long deadlineNanos) {
        Work<T> work = new Work<>(sql, deadlineNanos);
        Optional<Failure> gone = away;
        if (closing) {
            fail(work, new Failure.Unavailable("the journal of sessions is closed"));
        } else if (gone.isPresent() && awaySinceNanos - System.nanoTime() + patience.toNanos() < 0) {
            fail(work, gone.get());
        } else if (!queue.offer(work)) {
            fail(work, new Failure.Unavailable("the journal of sessions (" + database.name() + ") does not keep up"));
        }
        return work.done;
    }

    /** Ends the thread when all is written, or after {@code limit}. */
    void close(Duration limit) {
        closing = true;
        try {
            thread.join(limit);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void loop() {
        try {
            while (!closing || !queue.isEmpty() || !pending.isEmpty()) {
                gather();
                if (pending.isEmpty()) {
                    check();
                } else if (!together() && !oneByOne()) {
                    dropLate();
                    TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            disconnect();
        }
    }

    /** Takes what has come; waits for it if there is nothing else to do. */
    private void gather() throws InterruptedException {
        if (pending.isEmpty()) {
            Work<?> first = queue.poll(closing ? 1 : checkInterval.toMillis(), TimeUnit.MILLISECONDS);
            if (first == null) {
                return;
            }
            pending.add(first);
        }
        queue.drainTo(pending, Math.max(0, MOST_TOGETHER - pending.size()));
    }

    /** Returns whether all that waits was done in one transaction. */
    private boolean together() {
        try {
            Connection to = connected();
            for (Work<?> work : pending) {
                work.run(to);
            }
            to.commit();
        } catch (SQLException | RuntimeException e) {
            rollBack();
            return false;
        }
        reached();
        pending.forEach(Work::committed);
        pending.clear();
        return true;
    }

    /**
     * Returns whether all was done or had a fault of its own; false when the database is away. A connection that has served
     * may have been closed from the other side: one attempt is made with a new one before anybody is told.
     */
    private boolean oneByOne() {
        boolean mayBeStale = away.isEmpty() && connection != null;
        while (!pending.isEmpty()) {
            Work<?> work = pending.getFirst();
            try {
                Connection to = connected();
                work.run(to);
                to.commit();
                reached();
                work.committed();
            } catch (SQLException e) {
                rollBack();
                if (!isOwnFault(work, e)) {
                    pending.forEach(waiting -> waiting.tried = true);
                    if (!mayBeStale) {
                        lose(e);
                        return false;
                    }
                    mayBeStale = false;
                    disconnect();
                    continue;
                }
            } catch (RuntimeException e) {
                rollBack();
                LOG.error("a piece of work of the journal failed", e);
                fail(work, new Failure.Internal("the journal of sessions failed; the node's log says more"));
            }
            pending.removeFirst();
        }
        return true;
    }

    /** Settles work that would fail on any database: a row that is there already, or a value that cannot be stored. */
    private static boolean isOwnFault(Work<?> work, SQLException e) {
        String state = String.valueOf(e.getSQLState());
        if (state.startsWith(DUPLICATE) && work.tried) {
            work.committed(); // The connection was lost after the commit, before its answer.
        } else if (state.startsWith(DUPLICATE)) {
            fail(work, new Failure.Invalid("stream", "the stream exists already"));
        } else if (state.startsWith(BAD_DATA)) {
            fail(work, new Failure.Invalid("", "the journal of sessions cannot hold this: " + e.getMessage()));
        } else {
            return false;
        }
        return true;
    }

    /** Gives up what has waited too long. */
    private void dropLate() {
        long now = System.nanoTime();
        Failure why = away.orElseGet(() -> new Failure.Unavailable("the journal of sessions is slow"));
        Predicate<Work<?>> late = work -> {
            boolean over = now - work.deadlineNanos > 0;
            if (over) {
                fail(work, why);
            }
            return over;
        };
        pending.removeIf(late);
        queue.removeIf(late);
    }

    /** Looks whether the database is there while nothing else asks it; one that was away must take a row again. */
    private void check() {
        try {
            Connection to = connected();
            if (away.isPresent()) {
                TurnTable.create(to, database.bytes());
                TurnTable.probe(to);
                to.commit();
                reached();
            } else if (!to.isValid((int) Math.max(1, checkInterval.toSeconds()))) {
                disconnect();
                TurnTable.probe(connected());
                connected().commit();
            }
        } catch (SQLException e) {
            lose(e);
        }
    }

    private Connection connected() throws SQLException {
        Connection open = connection;
        if (open == null) {
            open = database.connect(checkInterval);
            connection = open;
        }
        return open;
    }

    private void reached() {
        if (away.isPresent()) {
            away = Optional.empty();
            LOG.warn("the journal of sessions is back");
            tellListeners(true);
        }
    }

    private void lose(SQLException e) {
        disconnect();
        boolean news = away.isEmpty();
        away = Optional.of(JdbcJournal.unreachable(database, e));
        if (news) {
            awaySinceNanos = System.nanoTime();
            LOG.error("{}", away.get().message());
            tellListeners(false);
        }
    }

    private synchronized void tellListeners(boolean reachable) {
        listeners.forEach(listener -> listener.accept(reachable));
    }

    private void rollBack() {
        try {
            if (connection != null) {
                connection.rollback();
            }
        } catch (SQLException e) {
            disconnect();
        }
    }

    private void disconnect() {
        try {
            if (connection != null) {
                connection.close();
            }
        } catch (SQLException e) {
            LOG.debug("closing a broken connection", e);
        } finally {
            connection = null;
        }
    }

    private static void fail(Work<?> work, Failure failure) {
        work.done.completeExceptionally(new FailureException(failure));
    }
}
