package belle.gateway.stream;

import belle.proto.Failure;
import belle.proto.node.NodeQuery;
import belle.proto.node.NodeQuery.ModelInfo;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;

/** Which models the cluster's nodes serve, as last heard. Safe to read from any thread. */
public final class ModelDirectory {
    /** A model and the nodes that serve it, at least one. */
    public record Served(ModelInfo info, List<ActorRef<NodeQuery>> nodes) {
        public Served {
            nodes = List.copyOf(nodes);
        }
    }

    /** The answer to a look for a model. */
    public sealed interface Found {
        record Model(Served served) implements Found {}

        record Nothing(Failure failure) implements Found {}
    }

    private volatile Map<String, Served> byId = Map.of();

    /** Starts listening for nodes. */
    public static ModelDirectory start(ActorSystem<?> system, StreamConfig config) {
        var directory = new ModelDirectory();
        system.systemActorOf(NodesActor.create(directory, config), "belle-gateway-nodes", Props.empty());
        return directory;
    }

    /** Returns the model, or why there is none: no node at all, or none with this model. */
    public Found find(String model) {
        Map<String, Served> now = byId;
        Served served = now.get(model);
        if (served != null) {
            return new Found.Model(served);
        }
        return new Found.Nothing(
                now.isEmpty()
                        ? new Failure.Unavailable("no node serves a model yet")
                        : new Failure.UnknownModel(model, List.copyOf(now.keySet())));
    }

    /** Returns all models by id. */
    public Collection<ModelInfo> models() {
        return byId.values().stream().map(Served::info).toList();
    }

    /** Whether some node serves some model. */
    public boolean ready() {
        return !byId.isEmpty();
    }

    void publish(Map<String, Served> models) {
        byId = new TreeMap<>(models);
    }
}
