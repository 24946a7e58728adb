package belle.journal;

import static belle.journal.Journals.config;
import static belle.journal.Journals.get;
import static belle.journal.Journals.log;
import static belle.journal.Journals.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import belle.proto.Failure;
import belle.proto.FailureException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The journal in H2, and everything around it that no database is needed for. */
class H2JournalTest {
    @Test
    void keepsItsPromises() throws Exception {
        try (var journal = JdbcJournal.open(config(Journals.memory("promises"))).orElseThrow()) {
            JournalPromises.allKept(journal);
        }
        assertThat(Journals.rows("promises", "gone")).isZero();
    }

    @Test
    void isOffWithoutAUrl() {
        assertThat(JdbcJournal.open(config(""))).isEmpty();
    }

    @Test
    void findsAgainWhatAFileHoldsThatSeveralShare(@TempDir Path folder) throws Exception {
        String url = "h2:" + folder.resolve("journal");
        try (var first = JdbcJournal.open(config(url)).orElseThrow()) {
            get(first.begin(row("file~1", "t", 5)));
            first.finish("file~1", 1, 6, log("file~1"));
        }
        assertThat(Files.getPosixFilePermissions(folder.resolve("journal"))).hasSize(3);
        try (var second = JdbcJournal.open(config(url)).orElseThrow();
                var third = JdbcJournal.open(config(url)).orElseThrow()) {
            assertThat(get(second.find("file~1")).orElseThrow().log()).contains(log("file~1"));
            get(second.begin(row("file~2", "t", 5)));
            assertThat(get(third.find("file~2"))).isPresent();
        }
    }

    /** As after the death of all its processes, or while several open it at once. */
    @Test
    void waitsForALockThatWasTouchedAMomentAgo(@TempDir Path folder) throws Exception {
        Path directory = Files.createDirectory(folder.resolve("journal"));
        Path lock = Files.writeString(directory.resolve("sessions.lock.db"), "");
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(7);
        Thread other = Thread.ofPlatform().start(() -> {
            while (System.nanoTime() < end && lock.toFile().setLastModified(System.currentTimeMillis())) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
            }
        });
        try (var journal = JdbcJournal.open(config("h2:" + directory)).orElseThrow()) {
            get(journal.begin(row("locked~1", "t", 5)));
        }
        other.join();
        assertThat(System.nanoTime()).isGreaterThan(end);
    }

    @Test
    void saysWhatIsWrongWithItsSettings(@TempDir Path folder) throws Exception {
        assertThat(refused("redis://somewhere")).contains("belle.node.journal.url", "h2:DIR", "redis://somewhere");
        assertThat(refused("h2:")).contains("h2:DIR");
        assertThat(refused("jdbc:postgresql://127.0.0.1/x?user=a&password=secret"))
                .contains("belle.node.journal.password")
                .doesNotContain("secret");
        assertThat(refused("jdbc:postgresql://127.0.0.1:1/x")).contains("PostgreSQL", "cannot be used");
        Path file = Files.writeString(folder.resolve("file"), "");
        assertThat(refused("h2:" + file.resolve("below"))).contains("cannot be made");
    }

    @Test
    void saysThatItsDatabaseIsAwayAndWritesTheRestWhenItIsBack() throws Exception {
        String name = "away";
        BlockingQueue<Boolean> reachable = new LinkedBlockingQueue<>();
        try (var journal = JdbcJournal.open(config(Journals.memory(name))).orElseThrow()) {
            journal.onReachable(reachable::add);
            get(journal.begin(row("away~1", "t", 5)));
            execute(name, "ALTER TABLE belle_turn RENAME TO hidden");
            var refused = journal.begin(row("away~2", "t", 5));
            journal.finish("away~1", 1, 6, log("away~1"));
            assertThat(reachable.poll(30, TimeUnit.SECONDS)).isFalse();
            JournalPromises.assertFails(refused, Failure.Unavailable.class);
            execute(name, "DROP TABLE IF EXISTS belle_turn");
            execute(name, "ALTER TABLE hidden RENAME TO belle_turn");
            assertThat(reachable.poll(30, TimeUnit.SECONDS)).isTrue();
            assertThat(get(journal.find("away~1")).orElseThrow().log()).isPresent();
            assertThat(get(journal.find("away~2"))).isEmpty();
        }
    }

    @Test
    void takesNothingMoreOnceItIsClosed() {
        var journal = JdbcJournal.open(config(Journals.memory("closed"))).orElseThrow();
        journal.close();
        JournalPromises.assertFails(journal.find("x"), Failure.Unavailable.class);
    }

    private static void execute(String name, String sql) throws Exception {
        try (var connection = DriverManager.getConnection(Journals.memory(name));
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String refused(String url) {
        var thrown = new FailureException[1];
        assertThatThrownBy(() -> JdbcJournal.open(config(url)))
                .isInstanceOfSatisfying(FailureException.class, failure -> thrown[0] = failure);
        return thrown[0].failure().message();
    }
}
