package belle.journal;

import belle.proto.session.TurnView;
import belle.session.TurnLog;
import belle.session.TurnRequest;
import belle.session.TurnRow;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The one table, a row a turn:
 *
 * <pre>
 * stream   name of the stream       session, tenant   whose it is
 * epoch    raised by each session that takes the turn up; only the last one may write
 * begun    when the request came    ended             when it was finished, NULL before
 * request  as {@link TurnFormat}    log               as {@link TurnFormat}, NULL before the end
 * </pre>
 *
 * Times are milliseconds since 1970. Nothing here commits, but the probe.
 */
final class TurnTable {
    /** Most turns of a session that are shown, the newest ones. */
    private static final int MOST_SHOWN = 1000;

    private static final String COLUMNS = "stream, session, tenant, epoch, begun, ended, request, log";

    private TurnTable() {}

    /** Makes the table unless it is there. */
    static void create(Connection connection, String bytes) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute("CREATE TABLE IF NOT EXISTS belle_turn (stream VARCHAR(255) PRIMARY KEY,"
                    + " session VARCHAR(160) NOT NULL, tenant VARCHAR(1024) NOT NULL, epoch BIGINT NOT NULL,"
                    + " begun BIGINT NOT NULL, ended BIGINT, request " + bytes + " NOT NULL, log " + bytes + ")");
            statement.execute("CREATE INDEX IF NOT EXISTS belle_turn_session ON belle_turn (session, begun)");
            statement.execute("CREATE INDEX IF NOT EXISTS belle_turn_begun ON belle_turn (begun)");
        }
    }

    static void insert(Connection connection, TurnRow row) throws SQLException {
        TurnRequest request = row.request();
        try (var statement = connection.prepareStatement(
                "INSERT INTO belle_turn (" + COLUMNS + ") VALUES (?, ?, ?, ?, ?, NULL, ?, NULL)")) {
            statement.setString(1, request.stream());
            statement.setString(2, request.session());
            statement.setString(3, request.tenant());
            statement.setLong(4, row.epoch());
            statement.setLong(5, row.begunMillis());
            statement.setBytes(6, TurnFormat.write(request));
            statement.executeUpdate();
        }
    }

    /** Returns whether the row was still as {@code row} says. */
    static boolean claim(Connection connection, TurnRow row, long epoch) throws SQLException {
        try (var statement =
                connection.prepareStatement("UPDATE belle_turn SET epoch = ? WHERE stream = ? AND epoch = ?")) {
            statement.setLong(1, epoch);
            statement.setString(2, row.request().stream());
            statement.setLong(3, row.epoch());
            return statement.executeUpdate() == 1;
        }
    }

    /** Writes the end of a turn, if nobody has taken it up since. */
    static boolean finish(Connection connection, String stream, long epoch, long endedMillis, TurnLog log)
            throws SQLException {
        try (var statement = connection.prepareStatement(
                "UPDATE belle_turn SET ended = ?, log = ? WHERE stream = ? AND epoch = ?")) {
            statement.setLong(1, endedMillis);
            statement.setBytes(2, TurnFormat.write(log));
            statement.setString(3, stream);
            statement.setLong(4, epoch);
            return statement.executeUpdate() == 1;
        }
    }

    /** Shows that rows can be written; leaves none. */
    static void probe(Connection connection) throws SQLException {
        try (var statement = connection.createStatement()) {
            String values = " VALUES ('', '', '', 0, 0, NULL, ?, NULL)";
            statement.execute("DELETE FROM belle_turn WHERE stream = ''");
            try (var insert = connection.prepareStatement("INSERT INTO belle_turn (" + COLUMNS + ")" + values)) {
                insert.setBytes(1, new byte[0]);
                insert.executeUpdate();
            }
            connection.commit();
            statement.execute("DELETE FROM belle_turn WHERE stream = ''");
        }
    }

    static int withdraw(Connection connection, String stream, long epoch) throws SQLException {
        try (var statement = connection.prepareStatement("DELETE FROM belle_turn WHERE stream = ? AND epoch = ?")) {
            statement.setString(1, stream);
            statement.setLong(2, epoch);
            return statement.executeUpdate();
        }
    }

    static Optional<TurnRow> find(Connection connection, String stream) throws SQLException {
        try (var statement = connection.prepareStatement("SELECT " + COLUMNS + " FROM belle_turn WHERE stream = ?")) {
            statement.setString(1, stream);
            try (ResultSet rows = statement.executeQuery()) {
                return rows.next() ? Optional.of(row(rows)) : Optional.empty();
            }
        }
    }

    static List<TurnView> turns(Connection connection, String session, Optional<String> tenant) throws SQLException {
        try (var statement = of(connection, "SELECT " + COLUMNS + " FROM", session, tenant, " ORDER BY begun DESC")) {
            statement.setMaxRows(MOST_SHOWN);
            try (ResultSet rows = statement.executeQuery()) {
                List<TurnView> turns = new ArrayList<>();
                while (rows.next()) {
                    turns.add(row(rows).view());
                }
                return turns;
            }
        }
    }

    static int delete(Connection connection, String session, Optional<String> tenant) throws SQLException {
        try (var statement = of(connection, "DELETE FROM", session, tenant, "")) {
            return statement.executeUpdate();
        }
    }

    /**
     * Removes turns that began before {@code beforeMillis}, of sessions in which none began since, at most {@code limit},
     * the oldest first.
     */
    static int sweep(Connection connection, long beforeMillis, int limit) throws SQLException {
        try (var statement = connection.prepareStatement("DELETE FROM belle_turn WHERE stream IN (SELECT stream FROM"
                + " belle_turn old WHERE begun < ? AND NOT EXISTS (SELECT 1 FROM belle_turn young"
                + " WHERE young.session = old.session AND young.begun >= ?) ORDER BY begun LIMIT ?)")) {
            statement.setLong(1, beforeMillis);
            statement.setLong(2, beforeMillis);
            statement.setInt(3, limit);
            return statement.executeUpdate();
        }
    }

    private static PreparedStatement of(
            Connection connection, String verb, String session, Optional<String> tenant, String order)
            throws SQLException {
        String sql = verb + " belle_turn WHERE session = ?" + (tenant.isPresent() ? " AND tenant = ?" : "") + order;
        var statement = connection.prepareStatement(sql);
        statement.setString(1, session);
        if (tenant.isPresent()) {
            statement.setString(2, tenant.get());
        }
        return statement;
    }

    private static TurnRow row(ResultSet row) throws SQLException {
        String stream = row.getString("stream");
        long ended = row.getLong("ended");
        Optional<Long> endedMillis = row.wasNull() ? Optional.empty() : Optional.of(ended);
        byte @Nullable [] log = row.getBytes("log");
        return new TurnRow(
                TurnFormat.request(row.getBytes("request")),
                row.getLong("epoch"),
                row.getLong("begun"),
                endedMillis,
                log == null ? Optional.empty() : Optional.of(TurnFormat.log(stream, log)));
    }
}
