package belle.session;

import belle.proto.session.SessionCommand.Generate;
import belle.proto.session.TurnView;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;

/**
 * What is kept of one turn beside its events: when it began and ended, and its row in the journal, if there is one.
 * Without a journal nothing is ever waited for.
 */
final class TurnRecord {

    private final Optional<SessionJournal> journal;
    private final InstantSource clock;
    private final TurnRow row;
    private final long epoch;
    private boolean opened;
    private Optional<Long> endedMillis;

    private TurnRecord(Optional<SessionJournal> journal, InstantSource clock, TurnRow row, long epoch) {
        this.journal = journal;
        this.clock = clock;
        this.row = row;
        this.epoch = epoch;
        this.endedMillis = row.endedMillis();
    }

    /** Of a turn that is new to the journal, in which it is written down where there is one. */
    static TurnRecord fresh(Optional<SessionJournal> journal, InstantSource clock, Generate generate, long epoch) {
        long begun = generate.begun() > 0 ? generate.begun() : clock.millis();
        return new TurnRecord(journal, clock, TurnRow.begun(TurnRequest.of(generate), epoch, begun), epoch);
    }

    /** Of a turn that the journal knows; when it is taken up, then in {@code epoch}. */
    static TurnRecord of(Optional<SessionJournal> journal, InstantSource clock, TurnRow row, long epoch) {
        return new TurnRecord(journal, clock, row, epoch);
    }

    /** Returns when a session first took it. */
    long begunMillis() {
        return row.begunMillis();
    }

    /** Shows the turn: as finished with its log, as failed when it ended without, else as it is now. */
    TurnView view(boolean atRest, boolean ended, Optional<TurnLog> log) {
        TurnView.State now = atRest ? TurnView.State.OPEN : TurnView.State.RUNNING;
        TurnView.State ending = log.isPresent() ? TurnView.State.FINISHED : TurnView.State.FAILED;
        return new TurnView(
                row.request().stream(),
                row.request().model(),
                ended ? ending : now,
                log.flatMap(TurnLog::texts).orElse(List.of()),
                row.begunMillis(),
                endedMillis);
    }

    /** Tells whether the turn was accepted before by another session. */
    boolean recovered() {
        return epoch != row.epoch();
    }

    /**
     * Writes that the turn is taken up.
     *
     * @return empty when there is nothing to wait for
     */
    Optional<CompletionStage<Done>> open() {
        if (opened || journal.isEmpty()) {
            return Optional.empty();
        }
        opened = true;
        return journal.map(to -> recovered() ? to.claim(row, epoch) : to.begin(row));
    }

    /** The turn has ended; a good end is written. */
    void close(Optional<TurnLog> log) {
        long now = clock.millis();
        endedMillis = Optional.of(now);
        if (opened) {
            journal.ifPresent(to -> log.ifPresent(events -> to.finish(row.request().stream(), epoch, now, events)));
        }
    }

    /** The turn was refused, and nothing is promised to anybody. */
    void withdraw() {
        if (opened && !recovered()) {
            journal.ifPresent(to -> to.withdraw(row.request().stream(), epoch));
        }
    }
}
