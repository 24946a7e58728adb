package belle.replica;

import belle.engine.EngineLoad;
import org.apache.pekko.actor.typed.ActorRef;

/** What a replica tells the node it belongs to. */
public sealed interface ReplicaReport {
    String model();

    /** The replica takes requests. */
    record Built(String model, ActorRef<BatchActor.Command> batch) implements ReplicaReport {}

    /** A step has not come back within {@code step-deadline}. */
    record Stalled(String model, long step) implements ReplicaReport {}

    /** What the replica holds, told twice a second; {@code streams} are requests that have not ended. */
    record Load(String model, EngineLoad engine, int streams) implements ReplicaReport {}

    /** The stalled step came back. */
    record Recovered(String model) implements ReplicaReport {}
}
