package belle.journal;

import static belle.journal.Journals.get;
import static belle.journal.Journals.log;
import static belle.journal.Journals.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.session.TurnView;
import belle.session.TurnRow;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** What a journal promises, whatever database is behind it. */
final class JournalPromises {
    private JournalPromises() {}

    static void allKept(JdbcJournal journal) throws Exception {
        givesBackWhatItWasGiven(journal);
        letsOnlyTheLastSessionWrite(journal);
        forgetsWhatIsDeleted(journal);
        sweepsOldSessionsABitAtATime(journal);
    }

    private static void givesBackWhatItWasGiven(JdbcJournal journal) throws Exception {
        TurnRow row = row("give~1", "t", 5);
        get(journal.begin(row));
        assertThat(get(journal.find("give~1"))).contains(row);
        assertThat(get(journal.find("give~2"))).isEmpty();
        assertFails(journal.begin(row), Failure.Invalid.class);
        journal.finish("give~1", 1, 6, log("give~1"));
        TurnRow finished = get(journal.find("give~1")).orElseThrow();
        assertThat(finished.log()).contains(log("give~1"));
        assertThat(finished.endedMillis()).contains(6L);
        assertThat(get(journal.turns("give", Optional.of("t"))))
                .containsExactly(
                        new TurnView("give~1", "m", TurnView.State.FINISHED, List.of("字", "held"), 5, Optional.of(6L)));
        assertThat(get(journal.turns("give", Optional.of("other")))).isEmpty();
    }

    private static void letsOnlyTheLastSessionWrite(JdbcJournal journal) throws Exception {
        TurnRow row = row("last~1", "t", 5);
        get(journal.begin(row));
        get(journal.claim(row, 10_000));
        assertFails(journal.claim(row, 20_000), Failure.Unavailable.class);
        journal.finish("last~1", 1, 6, log("last~1"));
        journal.withdraw("last~1", 1);
        assertThat(get(journal.find("last~1")).orElseThrow().log()).isEmpty();
        journal.finish("last~1", 10_000, 6, log("last~1"));
        assertThat(get(journal.find("last~1")).orElseThrow().log()).isPresent();
    }

    private static void forgetsWhatIsDeleted(JdbcJournal journal) throws Exception {
        get(journal.begin(row("gone~1", "a", 5)));
        get(journal.begin(row("gone~2", "b", 5)));
        assertThat(get(journal.delete("gone", Optional.of("a")))).isEqualTo(1);
        journal.finish("gone~1", 1, 6, log("gone~1"));
        assertThat(get(journal.find("gone~1"))).isEmpty();
        assertThat(get(journal.find("gone~2"))).isPresent();
        assertThat(get(journal.delete("gone", Optional.empty()))).isEqualTo(1);
        assertThat(get(journal.delete("gone", Optional.empty()))).isZero();
    }

    private static void sweepsOldSessionsABitAtATime(JdbcJournal journal) throws Exception {
        for (int i = 0; i < 3; i++) {
            get(journal.begin(row("old~" + i, "t", 1000 + i)));
        }
        get(journal.begin(row("used~1", "t", 1000)));
        get(journal.begin(row("used~2", "t", 3000)));
        assertThat(get(journal.sweep(1000))).isEqualTo(2); // Of the sessions above.
        assertThat(get(journal.sweep(2000))).isEqualTo(2);
        assertThat(get(journal.sweep(2000))).isEqualTo(1);
        assertThat(get(journal.sweep(2000))).isZero();
        assertThat(get(journal.find("used~1"))).isPresent();
    }

    static void assertFails(CompletionStage<?> stage, Class<? extends Failure> kind) {
        assertThatThrownBy(() -> get(stage))
                .cause()
                .isInstanceOfSatisfying(
                        FailureException.class,
                        thrown -> assertThat(thrown.failure()).isInstanceOf(kind));
    }
}
