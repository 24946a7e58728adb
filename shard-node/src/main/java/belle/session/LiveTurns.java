package belle.session;

import belle.proto.Failure;
import belle.proto.session.SessionCommand;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The turns of a session that are in memory, by stream, the oldest first. */
final class LiveTurns {
    private final Map<String, LiveTurn> turns = new LinkedHashMap<>();
    private final Consumer<String> forgotten;

    /** @param forgotten told of each stream that is dropped by {@link #keepIf} */
    LiveTurns(Consumer<String> forgotten) {
        this.forgotten = forgotten;
    }

    boolean has(String stream) {
        return turns.containsKey(stream);
    }

    @Nullable LiveTurn get(String stream) {
        return turns.get(stream);
    }

    /** Takes a turn in, in place of what its stream had. */
    void put(LiveTurn turn) {
        drop(turn.stream());
        turns.put(turn.stream(), turn);
    }

    /** Forgets a turn whose place another one takes. */
    void drop(LiveTurn turn) {
        drop(turn.stream());
    }

    private void drop(String stream) {
        LiveTurn gone = turns.remove(stream);
        if (gone != null) {
            gone.computing().release();
        }
    }

    /** Returns all, as they are now. */
    List<LiveTurn> all() {
        return List.copyOf(turns.values());
    }

    /** Returns those of a tenant; all if it is empty. */
    List<LiveTurn> of(Optional<String> tenant) {
        return turns.values().stream()
                .filter(turn -> turn.origin().isOf(tenant))
                .toList();
    }

    int size() {
        return turns.size();
    }

    void with(String stream, Consumer<LiveTurn> action) {
        keepIf(stream, turn -> {
            action.accept(turn);
            return true;
        });
    }

    /** Does {@code action} to a known turn and forgets the turn when it returns false. */
    void keepIf(String stream, Predicate<LiveTurn> action) {
        LiveTurn turn = turns.get(stream);
        if (turn != null && !action.test(turn)) {
            drop(stream);
            forgotten.accept(stream);
        }
    }

    void abandon(String stream, Failure why) {
        keepIf(stream, turn -> {
            turn.abandon(why);
            return false;
        });
    }

    /** Forgets a turn after its time. */
    void outdate(String stream) {
        abandon(stream, new Failure.NotFound("the events of stream " + stream + " are no longer kept"));
    }

    /** Makes room by forgetting the oldest turn for which nothing is computed; returns whether there is any. */
    boolean makeRoom(int most) {
        if (turns.size() < most) {
            return true;
        }
        Optional<LiveTurn> oldest = turns.values().stream()
                .filter(turn -> turn.computing().atRest())
                .findFirst();
        oldest.ifPresent(turn -> outdate(turn.stream()));
        return oldest.isPresent();
    }

    /** Moves those out that nobody waits for; their readers will find them elsewhere, where each is to be kept. */
    void moveOutUnawaited(Failure why, Consumer<SessionCommand.Keep> keep) {
        turns.values().removeIf(turn -> {
            boolean over = !turn.isAwaited();
            if (over) {
                turn.leftBehind().ifPresent(keep);
                turn.moveOut(why);
                turn.computing().release();
            }
            return over;
        });
    }

    /** Moves all out that are left. */
    void moveOutAll(Failure why) {
        all().forEach(turn -> {
            turn.moveOut(why);
            drop(turn);
        });
    }
}
