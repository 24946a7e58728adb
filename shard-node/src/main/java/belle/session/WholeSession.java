package belle.session;

import belle.proto.Failure;
import belle.proto.session.SessionAnswer;
import belle.proto.session.SessionCommand;
import belle.proto.session.TurnView;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Answers what is asked of all turns of a session, those in memory and those in the journal. Its stages never fail. */
final class WholeSession {
    /** Texts beyond this are not shown, the oldest ones: an answer is one message. */
    private static final int MOST_CHARACTERS = 1 << 20;

    private final Optional<SessionJournal> journal;

    WholeSession(Optional<SessionJournal> journal) {
        this.journal = journal;
    }

    /** Shows the turns; {@code live} are those in memory that are the tenant's. */
    CompletionStage<SessionAnswer> described(SessionCommand.Describe describe, Collection<LiveTurn> live) {
        List<TurnView> now = live.stream().map(LiveTurn::view).toList();
        CompletionStage<List<TurnView>> written = journal.map(from -> from.turns(describe.session(), describe.tenant()))
                .orElseGet(() -> CompletableFuture.completedStage(List.of()));
        return written.<SessionAnswer>thenApply(rows -> {
                    Map<String, TurnView> views = new HashMap<>();
                    rows.forEach(view -> views.put(view.stream(), view));
                    now.forEach(view -> views.put(view.stream(), view));
                    return views.isEmpty()
                            ? unknown(describe.session())
                            : new SessionAnswer.Conversation(fitting(views.values()));
                })
                .exceptionally(thrown -> new SessionAnswer.Declined(JournalFailure.of(thrown)));
    }

    /** Removes the turns from the journal; {@code gone} were in memory and are forgotten already. */
    CompletionStage<SessionAnswer> deleted(SessionCommand.Delete delete, int gone) {
        CompletionStage<Integer> removed = journal.map(from -> from.delete(delete.session(), delete.tenant()))
                .orElseGet(() -> CompletableFuture.completedStage(0));
        return removed.<SessionAnswer>thenApply(
                        rows -> rows + gone == 0 ? unknown(delete.session()) : new SessionAnswer.Deleted())
                .exceptionally(thrown -> new SessionAnswer.Declined(JournalFailure.of(thrown)));
    }

    private static SessionAnswer unknown(String session) {
        return new SessionAnswer.Declined(new Failure.NotFound("session " + session + " is not known here"));
    }

    private static List<TurnView> fitting(Collection<TurnView> views) {
        Deque<TurnView> fitting = new ArrayDeque<>();
        long characters = 0;
        var newestFirst = Comparator.comparingLong(TurnView::begunMillis)
                .thenComparing(TurnView::stream)
                .reversed();
        for (TurnView view : views.stream().sorted(newestFirst).toList()) {
            characters += view.answers().stream().mapToInt(String::length).sum();
            if (characters > MOST_CHARACTERS && !fitting.isEmpty()) {
                break;
            }
            fitting.addFirst(view);
        }
        return List.copyOf(fitting);
    }
}
