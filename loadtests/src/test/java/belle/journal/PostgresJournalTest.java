package belle.journal;

import static belle.journal.Journals.config;
import static belle.journal.Journals.get;
import static belle.journal.Journals.log;
import static belle.journal.Journals.row;
import static org.assertj.core.api.Assertions.assertThat;

import belle.faults.cluster.PostgresServer;
import belle.proto.Failure;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The journal in a real PostgreSQL. */
class PostgresJournalTest {
    @Test
    void keepsItsPromisesAndOutlivesACrashOfTheServer(@TempDir Path folder) throws Exception {
        Optional<Path> binaries = PostgresServer.binaries();
        Assumptions.assumeTrue(binaries.isPresent(), "no PostgreSQL below /usr/lib/postgresql: not tested with it");
        BlockingQueue<Boolean> reachable = new LinkedBlockingQueue<>();
        try (var server = PostgresServer.start(binaries.orElseThrow(), folder.resolve("server"), "127.0.0.1");
                var journal = JdbcJournal.open(loggedIn(server.url())).orElseThrow()) {
            journal.onReachable(reachable::add);
            JournalPromises.allKept(journal);
            assertThat(Journals.rows(server.url(), "postgres", "gone")).isZero();

            get(journal.begin(row("crash~1", "t", 5)));
            server.interrupt();
            assertThat(reachable.poll(30, TimeUnit.SECONDS)).isFalse();
            journal.finish("crash~1", 1, 6, log("crash~1"));
            JournalPromises.assertFails(journal.begin(row("crash~2", "t", 5)), Failure.Unavailable.class);
            server.resume();
            assertThat(reachable.poll(30, TimeUnit.SECONDS)).isTrue();
            assertThat(get(journal.find("crash~1")).orElseThrow().log()).isPresent();
            assertThat(get(journal.find("crash~2"))).isEmpty();
        }
    }

    private static JournalConfig loggedIn(String url) {
        JournalConfig plain = config(url);
        return new JournalConfig(
                url,
                "postgres",
                "",
                plain.retention(),
                plain.sweepInterval(),
                plain.sweepTurns(),
                plain.maxQueued(),
                plain.writeTimeout(),
                plain.finishTimeout(),
                plain.checkInterval());
    }
}
