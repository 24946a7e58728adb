package belle.session;

import belle.replica.BatchActor;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.pekko.actor.typed.ActorRef;

/** The replicas of a model on a node, and how many turns each has. Thread-safe: sessions take places, the node closes. */
public final class Replicas {
    private final Map<ActorRef<BatchActor.Command>, Integer> turns = new LinkedHashMap<>();
    private boolean closed;

    /** Replicas without turns, the first one first. */
    public Replicas(Collection<ActorRef<BatchActor.Command>> replicas) {
        replicas.forEach(replica -> turns.put(replica, 0));
    }

    /**
     * Gives a turn its place: where its session was before, whose prompts are cached there, or else where the fewest turns
     * are. Empty when no replica is left.
     */
    synchronized Optional<Lease> lease(Optional<ActorRef<BatchActor.Command>> before) {
        return before.filter(turns::containsKey).or(() -> leastBusy(_ -> true)).flatMap(this::on);
    }

    /** Takes a replica away that is down; turns on it find another one by {@link Lease#elsewhere}. */
    public synchronized void remove(ActorRef<BatchActor.Command> replica) {
        turns.remove(replica);
    }

    /** Returns how many turns have not ended, those included whose reader may come back. */
    public synchronized int turns() {
        return turns.values().stream().mapToInt(Integer::intValue).sum();
    }

    /** Gives no more places from now on. */
    public synchronized void close() {
        closed = true;
    }

    private Optional<ActorRef<BatchActor.Command>> leastBusy(Predicate<ActorRef<BatchActor.Command>> eligible) {
        return turns.entrySet().stream()
                .filter(each -> eligible.test(each.getKey()))
                .min(Comparator.comparingInt(Map.Entry::getValue))
                .map(Map.Entry::getKey);
    }

    private Optional<Lease> on(ActorRef<BatchActor.Command> replica) {
        if (closed) {
            return Optional.empty();
        }
        turns.merge(replica, 1, Integer::sum);
        return Optional.of(new Lease(replica));
    }

    /** A turn's place on a replica, until it ends. */
    final class Lease {
        private final ActorRef<BatchActor.Command> replica;
        private boolean over;

        private Lease(ActorRef<BatchActor.Command> replica) {
            this.replica = replica;
        }

        ActorRef<BatchActor.Command> replica() {
            return replica;
        }

        /** Ends it; said twice it does no harm. */
        void end() {
            synchronized (Replicas.this) {
                if (!over) {
                    over = true;
                    turns.computeIfPresent(replica, (_, number) -> number - 1);
                }
            }
        }

        /** Ends it and returns a place on another replica, if there is one. */
        Optional<Lease> elsewhere() {
            synchronized (Replicas.this) {
                end();
                return leastBusy(other -> !other.equals(replica)).flatMap(Replicas.this::on);
            }
        }
    }
}
