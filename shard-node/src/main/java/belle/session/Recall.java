package belle.session;

import belle.proto.Failure;
import belle.proto.session.Progress;
import belle.proto.session.SessionCommand;
import belle.proto.session.SessionCommand.Generate;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;

/** Decides how a session starts on a stream, by what the journal has of it. Without a journal every stream is new. */
final class Recall {
    private final Optional<SessionJournal> journal;
    private final InstantSource clock;
    private final int maxLogEvents;
    private final UnaryOperator<Generate> pinned;

    /** @param pinned gives a request to the bundle of its model that is used now, unless it names one */
    Recall(Optional<SessionJournal> journal, InstantSource clock, int maxLogEvents, UnaryOperator<Generate> pinned) {
        this.pinned = pinned;
        this.journal = journal;
        this.clock = clock;
        this.maxLogEvents = maxLogEvents;
    }

    /** What the journal has of a stream, or why that is not known. */
    record Found(Optional<TurnRow> row, Optional<Failure> failure) {
        static final Found NOTHING = new Found(Optional.empty(), Optional.empty());
    }

    /** Looks for the stream of {@code command}, if it may be in the journal. The stage never fails. */
    Optional<CompletionStage<Found>> look(SessionCommand command) {
        boolean maybe = command instanceof SessionCommand.Continue || command instanceof SessionCommand.Resume;
        return journal.filter(_ -> maybe)
                .map(from -> from.find(command.stream())
                        .thenApply(row -> new Found(row, Optional.empty()))
                        .exceptionally(thrown -> new Found(Optional.empty(), Optional.of(JournalFailure.of(thrown)))));
    }

    /** Tells whether streams are found again that no session has. */
    boolean isDurable() {
        return journal.isPresent();
    }

    /** Of a stream that its session hands over; nothing is written of it. */
    Start.With kept(SessionCommand.Continue goingOn) {
        return started(goingOn.request(), goingOn.progress(), Optional.empty());
    }

    /** Of a stream that nobody knows. */
    Start fresh(Generate generate, Progress progress) {
        return started(generate, progress, journal);
    }

    /**
     * Of a stream that its reader wants to go on. One that was accepted elsewhere goes on also when the journal cannot be
     * asked, or has it no more; then nothing is written of it.
     */
    Start goOn(SessionCommand.Continue goingOn, Found found) {
        Optional<TurnRow> row = found.row();
        Generate generate = goingOn.request();
        Progress progress = goingOn.progress();
        if (row.isEmpty() && progress.epoch() > 1) {
            return started(generate, progress, Optional.empty());
        }
        if (found.failure().isPresent()) {
            return new Start.Not(found.failure().get());
        }
        if (row.isEmpty()) {
            return fresh(generate, progress);
        }
        if (!row.get().request().asksFor(TurnRequest.of(generate))) {
            return new Start.Not(SessionActor.OTHER_REQUEST);
        }
        Progress later = progress.inEpoch(row.get().nextEpoch(progress.epoch()));
        return readDown(generate, row.get(), later.epoch(), later.after()).orElseGet(() -> {
            Turn turn = new Turn(generate.stream(), later, maxLogEvents);
            return again(generate, later, turn, row.get(), later.after());
        });
    }

    /** Of a stream that a reader asks for who knows nothing but its name and what it has of it. */
    Start resume(SessionCommand.Resume resume, Found found) {
        Optional<TurnRow> row = found.row();
        if (row.isEmpty()) {
            return new Start.Not(found.failure()
                    .orElseGet(() -> new Failure.NotFound("stream " + resume.stream() + " is not known here")));
        }
        TurnRequest request = row.get().request();
        Generate generate = request.answeredTo(resume.replyTo(), resume.asked(), resume.reading());
        Progress nothing = generate.nothingHeard().inEpoch(row.get().nextEpoch(1));
        return readDown(generate, row.get(), nothing.epoch(), resume.after()).orElseGet(() -> {
            Turn turn = new Turn(request.stream(), nothing, maxLogEvents);
            return again(generate, nothing, turn, row.get(), resume.after());
        });
    }

    private Start.With started(Generate asked, Progress progress, Optional<SessionJournal> written) {
        Generate generate = pinned.apply(asked);
        return new Start.With(
                generate,
                progress,
                new Turn(generate.stream(), progress, maxLogEvents),
                TurnRecord.fresh(written, clock, generate, progress.epoch()),
                Optional.empty(),
                progress.after());
    }

    private Start again(Generate generate, Progress progress, Turn turn, TurnRow row, long after) {
        return new Start.With(
                pinned.apply(generate.by(row.request().bundle())),
                progress,
                turn,
                TurnRecord.of(journal, clock, row, progress.epoch()),
                Optional.empty(),
                after);
    }

    private Optional<Start> readDown(Generate generate, TurnRow row, long epoch, long after) {
        return row.log()
                .filter(log -> log.covers(after))
                .map(log -> new Start.With(
                        generate,
                        log.before().inEpoch(epoch),
                        Turn.ended(generate.stream(), log, epoch, maxLogEvents),
                        TurnRecord.of(Optional.empty(), clock, row, row.epoch()),
                        Optional.empty(),
                        after));
    }
}
