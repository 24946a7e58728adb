package belle.session;

import belle.replica.BatchActor;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;

/** Finds places for a session's turns: where the last one was computed, since its prompt is cached there, if that can be. */
final class LastReplica {
    private final Consumer<ActorRef<?>> watch;
    private Optional<ActorRef<BatchActor.Command>> last = Optional.empty();

    /** @param watch told of each replica that has a turn from now on */
    LastReplica(Consumer<ActorRef<?>> watch) {
        this.watch = watch;
    }

    /** Returns a place on one of a model's replicas; empty when it has none that computes. */
    Optional<Replicas.Lease> lease(ServedModel model) {
        Optional<Replicas.Lease> lease = model.replicas().lease(last);
        lease.ifPresent(place -> {
            last = Optional.of(place.replica());
            watch.accept(place.replica());
        });
        return lease;
    }
}
