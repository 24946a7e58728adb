package belle.journal;

import belle.proto.Failure;
import belle.proto.FailureException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Locale;
import java.util.Properties;
import java.util.Set;

/**
 * The database behind a journal's URL.
 *
 * @param name as people know it
 * @param url for JDBC
 * @param bytes its type for long byte strings
 */
record Database(String name, String url, String bytes, Properties properties) {
    private static final String KEY = "belle.node.journal.url";
    private static final String FORMS = "h2:DIR or jdbc:postgresql://HOST/DATABASE";
    private static final Set<PosixFilePermission> OURS = PosixFilePermissions.fromString("rwx------");

    /** Commits are in the file when they return; the first process to come serves the others. */
    private static final String H2_SETTINGS = ";AUTO_SERVER=TRUE;WRITE_DELAY=0";

    private static final String H2_FILE = "jdbc:h2:file:";

    /** Locked or being opened elsewhere, that one gone again, its table being made (org.h2.api.ErrorCode). */
    private static final Set<Integer> H2_RACES = Set.of(8000, 90020, 90067, 90131, 42101);

    /** Finds it. Nothing is opened yet, but the folder of a new H2 file is made. */
    static Database of(JournalConfig config) {
        String url = config.url();
        if (url.toLowerCase(Locale.ROOT).contains("password=")) {
            throw new FailureException(new Failure.Invalid(
                    KEY, KEY + " must not hold a password: it is shown; use belle.node.journal.password"));
        }
        if (url.startsWith("h2:")) {
            return h2(folder(url.substring("h2:".length())), config);
        }
        if (url.startsWith("jdbc:h2:")) {
            return new Database("H2 " + url, url, "BLOB", login(config));
        }
        if (url.startsWith("jdbc:postgresql:")) {
            Properties properties = login(config);
            String seconds = Long.toString(Math.max(1, config.writeTimeout().toSeconds()));
            properties.setProperty("connectTimeout", seconds);
            properties.setProperty("loginTimeout", seconds);
            properties.setProperty("socketTimeout", seconds);
            properties.setProperty("ApplicationName", "belle");
            return new Database("PostgreSQL " + url, url, "BYTEA", properties);
        }
        throw new FailureException(new Failure.Invalid(KEY, KEY + " must be " + FORMS + ", but is " + url));
    }

    /** Tells whether {@code e} may come from another process that opens or makes the same thing at the same moment. */
    boolean isRace(SQLException e) {
        String state = String.valueOf(e.getSQLState());
        return state.startsWith("23")
                || state.equals("42P07")
                || (url.startsWith(H2_FILE) && H2_RACES.contains(e.getErrorCode()));
    }

    /** Opens a connection without automatic commits. */
    Connection connect(Duration limit) throws SQLException {
        DriverManager.setLoginTimeout((int) Math.max(1, limit.toSeconds()));
        Connection connection = DriverManager.getConnection(url, properties);
        connection.setAutoCommit(false);
        return connection;
    }

    private static Database h2(Path folder, JournalConfig config) {
        // Other processes of this machine reach the file through the first one; nobody else is to.
        if (System.getProperty("h2.bindAddress") == null) {
            System.setProperty("h2.bindAddress", "127.0.0.1");
        }
        Path file = folder.resolve("sessions");
        return new Database("H2 file " + file, H2_FILE + file + H2_SETTINGS, "BLOB", login(config));
    }

    private static Path folder(String name) {
        if (name.isBlank() || name.contains(";")) {
            throw new FailureException(
                    new Failure.Invalid(KEY, KEY + " must be " + FORMS + ", with a folder, but is h2:" + name));
        }
        Path folder = Path.of(name).toAbsolutePath().normalize();
        try {
            if (!Files.isDirectory(folder)) {
                Files.createDirectories(folder);
                Files.setPosixFilePermissions(folder, OURS);
            }
        } catch (IOException | UnsupportedOperationException e) {
            throw new FailureException(
                    new Failure.Invalid(KEY, KEY + ": the folder " + folder + " cannot be made: " + e.getMessage()), e);
        }
        return folder;
    }

    private static Properties login(JournalConfig config) {
        Properties properties = new Properties();
        if (!config.user().isEmpty()) {
            properties.setProperty("user", config.user());
            properties.setProperty("password", config.password());
        }
        return properties;
    }
}
