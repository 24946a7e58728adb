package belle.node;

import belle.proto.node.NodeQuery;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;

/**
 * A running node.
 *
 * @param queries answers about its models
 * @param models what it serves, in the order given at the start
 */
public record Node(ActorRef<NodeQuery> queries, List<NodeQuery.ModelInfo> models) {
    public Node {
        models = List.copyOf(models);
    }

    /**
     * Opens every bundle, starts the sessions' shard region, and generates a token with every model.
     *
     * <p>The actor system must have the cluster as its provider. The node lives until the system terminates; it drains
     * in the system's coordinated shutdown.
     *
     * @return completes when every model has generated its first token; fails with {@link
     *     belle.proto.FailureException} when a bundle is broken or does not fit
     */
    public static CompletionStage<Node> start(ActorSystem<?> system, NodeConfig config, List<BundleSpec> bundles) {
        return CompletableFuture.failedStage(new UnsupportedOperationException(
                "not yet: " + system.name() + " " + config.drainDeadline() + " " + bundles.size()));
    }
}
