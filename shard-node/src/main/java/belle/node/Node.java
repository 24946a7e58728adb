package belle.node;

import belle.journal.JdbcJournal;
import belle.proto.Check;
import belle.proto.node.NodeQuery;
import java.util.List;
import java.util.Optional;
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
     * Starts a node in a cluster of one, unless seed nodes or {@code belle.node.join-self} say otherwise.
     *
     * @see #start(ActorSystem, NodeConfig, OpeningModels, Runnable)
     */
    public static CompletionStage<Node> start(ActorSystem<?> system, NodeConfig config, List<BundleSpec> bundles) {
        return start(system, config, OpeningModels.begin(bundles, config.runtime()));
    }

    /** The same for models whose opening has begun, perhaps before there was an actor system. */
    public static CompletionStage<Node> start(ActorSystem<?> system, NodeConfig config, OpeningModels opening) {
        boolean alone = system.settings()
                .config()
                .getStringList("pekko.cluster.seed-nodes")
                .isEmpty();
        if (config.joinSelf() && alone) {
            Cluster cluster = Cluster.get(system);
            cluster.manager().tell(Join.create(cluster.selfMember().address()));
        }
        return start(system, config, opening, () -> {});
    }

    /**
     * Waits for every bundle to be opened, generates a token with every model, joins the cluster, and as its member starts the sessions'
     * shard region.
     *
     * <p>The actor system must have the cluster as its provider and {@link #ROLE} among its roles. The node lives until
     * the system terminates; it drains in the system's coordinated shutdown.
     *
     * @param join has the system join its cluster; called once, from another thread. A member that joins earlier may be
     *     the oldest, whom all others wait for, while it still opens its bundles
     * @return completes when the node serves; fails with {@link belle.proto.FailureException} when a bundle is broken,
     *     does not fit, or is not the one that the cluster serves under its name
     * @throws belle.proto.FailureException when the journal's settings are wrong or its database cannot be reached
     */
    public static CompletionStage<Node> start(
            ActorSystem<?> system, NodeConfig config, OpeningModels opening, Runnable join) {
        Check.that(
                Cluster.get(system).selfMember().hasRole(ROLE),
                "pekko.cluster.roles of a member with a node must contain '%s'",
                ROLE);
        Optional<JdbcJournal> journal = JdbcJournal.open(config.journal());
        CompletableFuture<Node> started = new CompletableFuture<>();
        ActorRef<NodeGuardian.Command> guardian = system.systemActorOf(
                NodeGuardian.create(config, opening, journal, join, started), "belle-node", Props.empty());
        journal.ifPresent(open -> closeOnShutdown(system, open));
        drainOnShutdown(system, config, guardian, started);
        return started;
    }

    private static void closeOnShutdown(ActorSystem<?> system, JdbcJournal journal) {
        CoordinatedShutdown.get(system)
                .addTask(
                        CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
                        "belle-journal-is-written",
                        () -> CompletableFuture.supplyAsync(() -> {
                            journal.close();
                            return Done.done();
                        }));
    }

    /** Refuses new streams as soon as the shutdown begins, and holds it up until the running ones have ended. */
    private static void drainOnShutdown(
            ActorSystem<?> system,
            NodeConfig config,
            ActorRef<NodeGuardian.Command> guardian,
            CompletableFuture<Node> started) {
        CompletableFuture<Done> drained = new CompletableFuture<>();
        CoordinatedShutdown shutdown = CoordinatedShutdown.get(system);
        shutdown.addTask(CoordinatedShutdown.PhaseBeforeServiceUnbind(), "belle-node-begins-to-drain", () -> {
            if (started.isCompletedExceptionally()) {
                drained.complete(Done.done()); // It never served, and its guardian is gone.
                return drained;
            }
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
