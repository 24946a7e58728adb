package belle.node;

import belle.proto.node.NodeQuery;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;

/**
 * A running node.
 *
 * @param queries answers about its models
 * @param models what it serves, in the order given at the start
 */
public record Node(ActorRef<NodeQuery> queries, List<NodeQuery.ModelInfo> models) {
    /** Cluster role of the members that hold sessions. */
    public static final String ROLE = "node";

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
        boolean alone = system.settings()
                .config()
                .getStringList("pekko.cluster.seed-nodes")
                .isEmpty();
        if (config.joinSelf() && alone) {
            Cluster cluster = Cluster.get(system);
            cluster.manager().tell(Join.create(cluster.selfMember().address()));
        }
        CompletableFuture<Node> started = new CompletableFuture<>();
        ActorRef<NodeGuardian.Command> guardian =
                system.systemActorOf(NodeGuardian.create(config, bundles, started), "belle-node", Props.empty());
        drainOnShutdown(system, config, guardian);
        return started;
    }

    /** Refuses new streams as soon as the shutdown begins, and holds it up until the running ones have ended. */
    private static void drainOnShutdown(
            ActorSystem<?> system, NodeConfig config, ActorRef<NodeGuardian.Command> guardian) {
        CompletableFuture<Done> drained = new CompletableFuture<>();
        CoordinatedShutdown shutdown = CoordinatedShutdown.get(system);
        shutdown.addTask(CoordinatedShutdown.PhaseBeforeServiceUnbind(), "belle-node-begins-to-drain", () -> {
            AskPattern.<NodeGuardian.Command, Done>ask(
                            guardian,
                            NodeGuardian.Drain::new,
                            config.drainDeadline().plusSeconds(1),
                            system.scheduler())
                    .whenComplete((done, timeout) -> drained.complete(Done.done()));
            return CompletableFuture.completedStage(Done.done());
        });
        shutdown.addTask(CoordinatedShutdown.PhaseServiceRequestsDone(), "belle-node-has-drained", () -> drained);
    }
}
