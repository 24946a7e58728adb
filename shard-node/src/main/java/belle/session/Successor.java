package belle.session;

import belle.proto.session.Progress;
import belle.proto.session.SessionCommand;
import java.util.Optional;

/** The turn that takes the place of another one of the same stream, here or elsewhere. */
record Successor(Origin origin, Turn turn, TurnRecord record, Readers readers, int maxLogEvents) {
    /** Starts on behind {@code goingOn} if that is further than this turn, or needs what it does not keep. */
    Optional<Start.With> behind(SessionCommand.Continue goingOn) {
        Progress more = goingOn.progress();
        return turn.keeps(more.after()) && turn.reaches(more.after())
                ? Optional.empty()
                : anew(goingOn.request(), more, Math.max(turn.epoch() + 1, more.epoch()), more.after());
    }

    /** Starts from nothing for a reader that needs what is not kept. */
    Optional<Start.With> fromNothing(SessionCommand.Resume resume) {
        SessionCommand.Generate request =
                origin.request().answeredTo(resume.replyTo(), resume.asked(), resume.reading());
        return turn.keeps(resume.after())
                ? Optional.empty()
                : anew(request, request.nothingHeard(), turn.epoch() + 1, resume.after());
    }

    private Optional<Start.With> anew(SessionCommand.Generate request, Progress known, long epoch, long after) {
        Progress progress = known.inEpoch(epoch);
        Turn further = new Turn(turn.stream(), progress, maxLogEvents);
        SessionCommand.Generate same = request.by(origin.request().bundle());
        return Optional.of(new Start.With(same, progress, further, record, Optional.of(readers), after));
    }

    /**
     * What a session elsewhere is told to keep, if there is something that a reader may come back for: the request, and the
     * tokens up to {@code most} events before those that the last reader is known to have taken, since its client may have
     * got fewer of them.
     */
    Optional<SessionCommand.Keep> elsewhere(int most) {
        return turn.hasFailed()
                ? Optional.empty()
                : Optional.of(new SessionCommand.Keep(
                        origin.behind(turn.before(turn.begins(most)).inEpoch(turn.epoch() + 1))));
    }
}
